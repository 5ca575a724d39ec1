//! `class!`: a class from the names of what its type has in Rust.

/// A `Class` from a list of names: the associated functions, methods and fields of the type itself.
///
/// | line | what it is |
/// |---|---|
/// | `new(x, y = 0.0);` | the constructor: `Type::new` |
/// | `fn norm();` | a method with `&self` |
/// | `mut fn shift(dx, dy = 0.0);` | a method with `&mut self` |
/// | `static fn origin();` | a function of the class |
/// | `get name;` | a field that can be read, which is cloned for that |
/// | `field x;` | a field that can be read and set |
/// | `operator "__add__" = plus;` | a special method |
///
/// ```
/// use hoopsnake::engine::{Engine, Error};
/// use hoopsnake::host::Host;
///
/// struct Account { owner: String, balance: i64 }
///
/// impl Account {
///     fn new(owner: String, balance: i64) -> Account {
///         Account { owner, balance }
///     }
///     fn pay(&mut self, amount: i64) -> Result<i64, String> {
///         if amount > self.balance {
///             return Err(format!("{} has not that much", self.owner));
///         }
///         self.balance -= amount;
///         Ok(self.balance)
///     }
///     fn report(&self) -> String {
///         format!("{}: {}", self.owner, self.balance)
///     }
/// }
///
/// let account = hoopsnake::class!(Account as "Account" {
///     new(owner, balance = 100);
///     mut fn pay(amount);
///     operator "__str__" = report;
///     get owner;
///     field balance;
/// });
/// let mut engine = Engine::new(Host::simulated(0).0);
/// engine.add_class(account)?;
/// engine.enter(|scope| scope.exec("
/// account = Account('Ada')
/// account.balance += 10
/// assert account.pay(amount=30) == 80
/// assert str(account) == 'Ada: 80' and account.owner == 'Ada'
/// "))?;
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! class {
    ($type:ty as $name:literal { $($lines:tt)* }) => {
        $crate::class!(@ $type, [$crate::engine::Class::<$type>::new($name)] $($lines)*)
    };
    (@ $type:ty, [$($made:tt)*]) => { $($made)* };
    (@ $type:ty, [$($made:tt)*]
        new($($parameter:ident $(= $default:expr)?),* $(,)?); $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.constructor(
            concat!("new(" $(, stringify!($parameter) $(, "=", stringify!($default))?, ",")*, ")"),
            <$type>::new,
        )] $($rest)*)
    };
    (@ $type:ty, [$($made:tt)*]
        fn $name:ident($($parameter:ident $(= $default:expr)?),* $(,)?); $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.method(
            concat!(stringify!($name), "(" $(, stringify!($parameter) $(, "=", stringify!($default))?, ",")*, ")"),
            <$type>::$name,
        )] $($rest)*)
    };
    (@ $type:ty, [$($made:tt)*]
        mut fn $name:ident($($parameter:ident $(= $default:expr)?),* $(,)?); $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.method_mut(
            concat!(stringify!($name), "(" $(, stringify!($parameter) $(, "=", stringify!($default))?, ",")*, ")"),
            <$type>::$name,
        )] $($rest)*)
    };
    (@ $type:ty, [$($made:tt)*]
        static fn $name:ident($($parameter:ident $(= $default:expr)?),* $(,)?); $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.function(
            concat!(stringify!($name), "(" $(, stringify!($parameter) $(, "=", stringify!($default))?, ",")*, ")"),
            <$type>::$name,
        )] $($rest)*)
    };
    (@ $type:ty, [$($made:tt)*] get $name:ident; $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.getter(
            stringify!($name),
            |object: &$type| ::std::clone::Clone::clone(&object.$name),
        )] $($rest)*)
    };
    (@ $type:ty, [$($made:tt)*] field $name:ident; $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.property(
            stringify!($name),
            |object: &$type| ::std::clone::Clone::clone(&object.$name),
            |object: &mut $type, value| object.$name = value,
        )] $($rest)*)
    };
    (@ $type:ty, [$($made:tt)*] operator $name:literal = $method:ident; $($rest:tt)*) => {
        $crate::class!(@ $type, [$($made)*.operator($name, <$type>::$method)] $($rest)*)
    };
}
