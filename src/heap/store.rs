//! Where objects live: pages of 64 KiB, each cut into slots of one size. A
//! larger object has a page of its own. Pages are aligned to their size, so the
//! page of an object is found by masking its address.
//!
//! The heap of the engine that is running is named by a thread-local, because
//! `Value::drop` has no other way to find it.

use std::alloc;
use std::cell::Cell;
use std::collections::HashSet;
use std::ptr;

use super::buffer::OutOfMemory;
use super::pages::{
    FIRST_SLOT, OWN_PAGE, PAGE_HEADER, PAGE_SIZE, Page, allocate_page, give_page, page_layout,
    page_of, take_page,
};
use super::refs::{KindTable, Object, Ref};
use super::value::Value;
use super::work::Work;

/// What every object starts with.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// References to the object.
    pub(crate) count: u32,
    /// Which shape it has; 0 marks a free slot.
    pub(crate) shape: u32,
}

impl Header {
    /// A header for an object that is about to be placed on the heap.
    pub const fn new() -> Header {
        Header { count: 1, shape: 0 }
    }
}

impl Default for Header {
    fn default() -> Self {
        Header::new()
    }
}

/// Shape ids below this are kinds.
pub const FIRST_FREE_SHAPE: u32 = 256;

/// Shape ids from this one up to `FIRST_FREE_SHAPE` are those of built-in classes that share a kind with others: no object
/// of another class has them.
pub const FIRST_SHARED_SHAPE: u32 = 200;

/// Bits of `ShapeEntry::flags`.
pub mod shape_flags {
    /// Instances have a finalizer (`__del__`).
    pub const FINALIZER: u8 = 1;
    /// Some instance of the class was weakly referenced once.
    pub const WEAKLY_REFERENCED: u8 = 2;
    /// Slots follow the base (plain instances).
    pub const SLOTS: u8 = 4;
    /// The last word of the object is its `__dict__` (subclasses of built-in types).
    pub const TAIL_DICT: u8 = 8;
    /// Instances hold a count of their class.
    pub const OWNS_CLASS: u8 = 16;
    /// Attributes are in a dict that slot 0 holds.
    pub const DICT_MODE: u8 = 32;
    /// Attribute look-up must not be cached by shape.
    pub const UNCACHEABLE: u8 = 64;
}

/// What the heap knows of a shape.
pub struct ShapeEntry {
    /// The kind of the object.
    pub kind: u8,
    /// See `shape_flags`.
    pub flags: u8,
    /// Inline slots.
    pub capacity: u16,
    /// The class, not counted: a class outlives its shapes. Undef while unknown.
    pub class: std::mem::ManuallyDrop<Value>,
}

/// Larger objects get a page of their own.
const LARGEST_SLOT: usize = 8 * 1024;

/// Slot sizes: multiples of 16 up to 512, then four steps to each doubling.
#[inline]
fn class_of_size(size: usize) -> usize {
    if size <= 512 {
        return size.div_ceil(16).max(1) - 1;
    }
    let log = usize::BITS - 1 - (size - 1).leading_zeros();
    let step = 1usize << (log - 2);
    let quarter = (size - 1 - (1usize << log)) / step;
    32 + (log as usize - 9) * 4 + quarter
}

/// How many bytes the slot of an object of so many bytes has.
#[inline(always)]
pub(super) fn slot_bytes(size: usize, slot: *const Header) -> usize {
    if size > LARGEST_SLOT || cfg!(hoop_heap_debug) {
        // SAFETY: it was just handed out.
        return unsafe { (*page_of(slot)).slot_size };
    }
    size_of_class(class_of_size(size))
}

fn size_of_class(class: usize) -> usize {
    if class < 32 {
        return (class + 1) * 16;
    }
    let log = 9 + (class - 32) / 4;
    (1usize << log) + ((class - 32) % 4 + 1) * (1usize << (log - 2))
}

const CLASSES: usize = 32 + 16;

#[derive(Clone, Copy)]
struct SizeClass {
    /// Freed slots, linked through the word behind the header.
    free: *mut Header,
    /// Fresh slots of the newest page.
    next: *mut u8,
    end: *mut u8,
    page: *mut Page,
}

/// How many shared objects there can be.
const SHARED: usize = 640;

/// All objects of one engine.
pub struct Heap {
    classes: [SizeClass; CLASSES],
    pub(super) pages: Vec<*mut Page>,
    pub(super) large: Vec<*mut Page>,
    pub(super) kinds: &'static [KindTable],
    /// What is known of each shape, by id.
    pub shapes: Vec<ShapeEntry>,
    free_shapes: Vec<u32>,
    next_ordinal: u32,
    /// Bytes in use, objects and buffers together.
    pub bytes: usize,
    /// The most bytes there may be.
    pub limit: usize,
    /// Cyclic objects made less those freed since the last collection.
    pub debt: isize,
    pub threshold: isize,
    /// Set by `gc.disable()`.
    pub collector_off: bool,
    /// See `collect_always`.
    pub(super) stress: bool,
    releasing: bool,
    dying: Vec<*mut Header>,
    /// Objects that wait for their finalizer, in the order of their deaths.
    pub finalize: Vec<Value>,
    /// Objects whose `__del__` ran: it runs once.
    finalized: HashSet<usize>,
    /// Counts changes of classes: what was cached of a class holds for one epoch.
    pub type_epoch: u32,
    /// Objects with weak references, by address.
    pub weak: std::collections::HashMap<usize, Vec<Value>>,
    /// The two keys of the hash of strings and bytes.
    pub hash_seed: (u64, u64),
    /// Objects of which there is one: characters, the empty tuple. The room `object` numbers them.
    pub shared: Vec<Value>,
    /// The last version that was given to the keys of a dict.
    pub keys_version: u32,
    /// How many tasks live.
    pub tasks: usize,
    /// What was done without script.
    pub work: Work,
    /// What dies goes without a word: no finalizer is asked for, as a run that was stopped is taken down.
    pub discarding: bool,
    /// Nobody would notice the death of any object that is left, and the process ends: they stay where they are.
    pub(super) left_behind: bool,
    /// The engine is gone: counts mean nothing any more, and each object gives back what it holds outside the heap.
    pub(super) torn_down: bool,
    /// The most decimal digits an integer may have when it becomes text or comes from it; 0 for no limit.
    pub int_digits: usize,
}

thread_local! {
    static CURRENT: Cell<*mut Heap> = const { Cell::new(ptr::null_mut()) };
}

/// The heap of the engine that is running on this thread.
///
/// # Panics
/// When no engine is entered.
#[inline(always)]
pub fn current<'a>() -> &'a mut Heap {
    let heap = CURRENT.get();
    debug_assert!(!heap.is_null(), "no engine is entered on this thread");
    // SAFETY: `Entered` keeps the pointer valid while it is set; callers hold
    // the reference for single field accesses only and never across script code.
    unsafe { &mut *heap }
}

/// Whether an engine is entered on this thread.
pub(super) fn is_entered() -> bool {
    !CURRENT.get().is_null()
}

/// Makes a heap the current one of this thread until dropped.
pub struct Entered(*mut Heap);

impl Entered {
    /// Enters `heap`, which must stay where it is until the guard is dropped.
    pub fn enter(heap: *mut Heap) -> Entered {
        Entered(CURRENT.replace(heap))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

#[inline]
pub(super) fn kind_of_shape(shape: u32) -> u8 {
    current().shapes[shape as usize].kind
}

impl Heap {
    /// An empty heap for objects of these kinds (the index is the kind).
    pub fn new(kinds: &'static [KindTable]) -> Heap {
        let no_class = SizeClass {
            free: ptr::null_mut(),
            next: ptr::null_mut(),
            end: ptr::null_mut(),
            page: ptr::null_mut(),
        };
        // Room for those of the built-in classes, too.
        let mut shapes = Vec::with_capacity(2 * FIRST_FREE_SHAPE as usize);
        shapes.extend((0..FIRST_FREE_SHAPE).map(|id| ShapeEntry {
            kind: id as u8,
            flags: 0,
            capacity: 0,
            class: std::mem::ManuallyDrop::new(Value::UNDEF),
        }));
        Heap {
            classes: [no_class; CLASSES],
            pages: Vec::new(),
            large: Vec::new(),
            kinds,
            shapes,
            free_shapes: Vec::new(),
            next_ordinal: 0,
            bytes: 0,
            limit: usize::MAX,
            debt: 0,
            threshold: 50_000,
            collector_off: false,
            stress: false,
            releasing: false,
            dying: Vec::new(),
            finalize: Vec::new(),
            finalized: HashSet::new(),
            type_epoch: 1,
            weak: std::collections::HashMap::new(),
            hash_seed: (0, 0),
            shared: std::iter::repeat_with(|| Value::UNDEF)
                .take(SHARED)
                .collect(),
            keys_version: 0,
            tasks: 0,
            work: Work::new(),
            discarding: false,
            left_behind: false,
            torn_down: false,
            int_digits: 4300,
        }
    }

    /// A new shape id. `class` is not counted: the class frees the shape before it dies.
    pub fn new_shape(&mut self, kind: u8, flags: u8, capacity: u16, class: &Value) -> u32 {
        // SAFETY: the entry is ManuallyDrop, so the count stays right.
        let class = std::mem::ManuallyDrop::new(unsafe { class.copy_uncounted() });
        let entry = ShapeEntry {
            kind,
            flags,
            capacity,
            class,
        };
        if let Some(id) = self.free_shapes.pop() {
            self.shapes[id as usize] = entry;
            return id;
        }
        self.shapes.push(entry);
        (self.shapes.len() - 1) as u32
    }

    /// Gives a shape id back. No object of the shape is left, and no cache names it.
    pub fn free_shape(&mut self, id: u32) {
        self.shapes[id as usize].class = std::mem::ManuallyDrop::new(Value::UNDEF);
        self.free_shapes.push(id);
    }

    /// From now on a collection is due whenever somebody asks, for tests.
    pub fn collect_always(&mut self) {
        self.stress = true;
        self.threshold = isize::MIN;
    }

    /// Whether a collection is due.
    #[inline]
    pub fn collection_due(&self) -> bool {
        self.debt > self.threshold && !self.collector_off
    }

    /// Whether finalizers wait.
    #[inline(always)]
    pub fn has_finalizers(&self) -> bool {
        !self.finalize.is_empty()
    }

    /// Whether finalizers wait, or work was done that took long enough for the VM to look at what else waits.
    #[inline(always)]
    pub fn wants_attention(&self) -> bool {
        self.finalize.len() | self.work.looked != 0
    }

    /// Whether an object of so many bytes can be made; the work of filling it is counted.
    pub fn check_room(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        if bytes > MOST_BYTES || self.bytes.saturating_add(bytes) > self.limit {
            return Err(OutOfMemory);
        }
        if bytes > ASK_FIRST && !can_allocate(bytes) {
            return Err(OutOfMemory);
        }
        self.work.count_bytes(bytes)
    }

    /// Room for `size` bytes; what is in it is undefined but for `shape`.
    #[inline]
    pub(super) unsafe fn allocate(&mut self, size: usize) -> *mut Header {
        if size > LARGEST_SLOT || cfg!(hoop_heap_debug) {
            return self.allocate_large(size);
        }
        let class = &mut self.classes[class_of_size(size)];
        let slot = class.free;
        if !slot.is_null() {
            // SAFETY: a free slot's second word links to the next one.
            class.free = unsafe { *slot.add(1).cast::<*mut Header>() };
            return slot;
        }
        self.allocate_fresh(size)
    }

    #[cold]
    #[inline(never)]
    fn allocate_fresh(&mut self, size: usize) -> *mut Header {
        let number = class_of_size(size);
        let slot_size = size_of_class(number);
        let class = &mut self.classes[number];
        if class.next == class.end {
            let index = self.pages.len() as u32;
            let slots = (PAGE_SIZE - PAGE_HEADER) / slot_size;
            let (page, place) = take_page();
            // SAFETY: nobody uses the page yet; its head fits.
            unsafe {
                page.write(Page::new(
                    (number as u32, slot_size),
                    slots as u32,
                    self.next_ordinal,
                    index,
                    place,
                ));
            }
            self.next_ordinal += 1;
            self.pages.push(page);
            class.page = page;
            // SAFETY: the first slot lies behind the page's header, inside the page.
            class.next = unsafe { page.cast::<u8>().add(PAGE_HEADER) };
            class.end = unsafe { class.next.add(slots * slot_size) };
        }
        let slot = class.next;
        // SAFETY: next < end, and end is a whole number of slots away.
        class.next = unsafe { slot.add(slot_size) };
        unsafe { (*class.page).used += 1 };
        slot.cast()
    }

    #[cold]
    #[inline(never)]
    fn allocate_large(&mut self, size: usize) -> *mut Header {
        let index = self.large.len() as u32;
        let size = size.next_multiple_of(16);
        let page = allocate_page(size + PAGE_HEADER);
        // SAFETY: as above.
        unsafe {
            page.write(Page::new((OWN_PAGE, size), 1, self.next_ordinal, index, 0));
            (*page).used = 1;
        }
        self.next_ordinal += 1 + (size / PAGE_SIZE) as u32;
        self.large.push(page);
        // SAFETY: the object follows the page's header.
        unsafe { page.cast::<u8>().add(PAGE_HEADER).cast() }
    }

    #[inline(always)]
    pub(super) unsafe fn deallocate(&mut self, header: *mut Header) {
        let page = page_of(header);
        // SAFETY: the caller owns the dead object; its page is live.
        unsafe {
            let size = (*page).slot_size;
            self.bytes -= size;
            let Some(class) = self.classes.get_mut((*page).class as usize) else {
                return self.deallocate_large(header, page, size);
            };
            (*header).shape = 0;
            *header.add(1).cast::<*mut Header>() = class.free;
            class.free = header;
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn deallocate_large(&mut self, header: *mut Header, page: *mut Page, size: usize) {
        // SAFETY: the page is that of the dead object, which has it for itself.
        unsafe {
            let index = (*page).index as usize;
            self.large.swap_remove(index);
            if let Some(&moved) = self.large.get(index) {
                (*moved).index = index as u32;
            }
            if cfg!(hoop_heap_debug) {
                ptr::write_bytes(header.cast::<u8>(), 0xDB, size);
            }
            alloc::dealloc(page.cast(), page_layout(size + PAGE_HEADER));
        }
    }

    /// Frees one dead object, or queues it for its finalizer.
    unsafe fn free_object(&mut self, header: *mut Header) {
        // SAFETY: the object is dead (count 0) and whole; nobody else refers to it.
        unsafe {
            let shape = (*header).shape;
            let (kind, flags, capacity) = {
                let entry = &self.shapes[shape as usize];
                (entry.kind, entry.flags, entry.capacity)
            };
            let table = &self.kinds[kind as usize];
            if flags == 0 && table.needs_finalizer.is_none() && self.finalized.is_empty() {
                // Most objects: nobody has to hear of it.
                self.debt -= table.cyclic as isize;
                (table.drop)(header);
                return self.deallocate(header);
            }
            if self.must_finalize(header, flags, table) {
                (*header).count = 1;
                let value = Value::from_header(header);
                self.finalize.push(value);
                return;
            }
            if flags & shape_flags::WEAKLY_REFERENCED != 0 {
                self.weak.remove(&(header as usize));
            }
            if flags & (shape_flags::SLOTS | shape_flags::TAIL_DICT) != 0 {
                drop_slots(header, table.size, flags, capacity);
            }
            if flags & shape_flags::OWNS_CLASS != 0 {
                drop(self.shapes[shape as usize].class.copy_uncounted());
            }
            self.debt -= table.cyclic as isize;
            (table.drop)(header);
            if !self.finalized.is_empty() {
                self.finalized.remove(&(header as usize));
            }
            self.deallocate(header);
        }
    }

    #[inline(always)]
    pub(super) unsafe fn must_finalize(
        &mut self,
        header: *mut Header,
        flags: u8,
        table: &KindTable,
    ) -> bool {
        if self.discarding {
            // Weak references must hear of it still.
            return flags & shape_flags::WEAKLY_REFERENCED != 0
                && self.weak.contains_key(&(header as usize));
        }
        if flags & shape_flags::FINALIZER != 0 && self.finalized.insert(header as usize) {
            return true;
        }
        if flags & shape_flags::WEAKLY_REFERENCED != 0
            && self
                .weak
                .get(&(header as usize))
                .is_some_and(|refs| !refs.is_empty())
        {
            return true;
        }
        match table.needs_finalizer {
            // SAFETY: the object is whole and of this kind.
            Some(needs) => unsafe { needs(header) },
            None => false,
        }
    }

    /// Whether objects of a kind have a place for attributes that a script sets.
    pub fn keeps_attributes(&self, kind: super::Kind) -> bool {
        self.kinds[kind as usize].attributes.is_some()
    }

    /// A stable number for an object: never its address.
    pub fn identity(&self, value: &Value) -> u64 {
        if !value.is_object() {
            return value.word() as u64;
        }
        let header = value.header();
        let page = page_of(header);
        // SAFETY: the page of a live object is live.
        let ordinal = unsafe { (*page).ordinal } as u64;
        0x7f00_0000_0000 + ordinal * PAGE_SIZE as u64 + (header as u64 - page as u64)
    }
}

impl Heap {
    /// The engine goes: from now on no object dies, until all go together with the heap.
    pub fn tear_down(&mut self) {
        self.torn_down = true;
    }

    /// Whether all objects are about to go together. What an object's destructor would do to others is left out then:
    /// they may have had their turn.
    pub fn is_torn_down(&self) -> bool {
        self.torn_down
    }

    /// All living objects of a kind.
    pub fn living(&self, kind: super::Kind) -> Vec<Value> {
        let mut found = Vec::new();
        // SAFETY: the objects are live; the new count is made here.
        self.each_object(|header| unsafe {
            if self.shapes[(*header).shape as usize].kind == kind && (*header).count > 0 {
                (*header).count += 1;
                found.push(Value::from_header(header));
            }
        });
        found
    }

    /// Calls `visit` with each object.
    pub(super) fn each_object(&self, mut visit: impl FnMut(*mut Header)) {
        for &page in self.pages.iter().chain(&self.large) {
            // SAFETY: the first `used` slots of a live page were handed out, and one that was freed since has shape 0.
            unsafe {
                let (size, used) = ((*page).slot_size, (*page).used as usize);
                for i in 0..used {
                    let header = page
                        .cast::<u8>()
                        .add(FIRST_SLOT + i * size)
                        .cast::<Header>();
                    if (*header).shape != 0 {
                        visit(header);
                    }
                }
            }
        }
    }
}

impl Drop for Heap {
    /// Runs the destructor of each object that is left, then gives the memory back.
    fn drop(&mut self) {
        self.torn_down = true;
        if self.left_behind {
            std::mem::take(&mut self.shared)
                .into_iter()
                .for_each(Value::forget);
            return;
        }
        // SAFETY: each object is whole and has its turn once. Counts go down, and nobody looks at them; the memory of all
        // stays until the last has had its turn.
        self.each_object(|header| unsafe {
            let kind = self.shapes[(*header).shape as usize].kind;
            (self.kinds[kind as usize].drop)(header);
        });
        // The Values of the heap's own lists go with their pages: dropping them one by one would touch freed memory.
        std::mem::take(&mut self.finalize)
            .into_iter()
            .for_each(Value::forget);
        std::mem::take(&mut self.shared)
            .into_iter()
            .for_each(Value::forget);
        std::mem::take(&mut self.weak)
            .into_values()
            .flatten()
            .for_each(Value::forget);
        for &page in &self.pages {
            // SAFETY: the pages came with these numbers, and nobody uses them any more.
            unsafe { give_page(page, (*page).number) };
        }
        for &page in &self.large {
            // SAFETY: as above.
            unsafe { alloc::dealloc(page.cast(), page_layout((*page).slot_size + PAGE_HEADER)) };
        }
    }
}

/// No object is larger than this.
const MOST_BYTES: usize = 1 << 46;
/// From this size on the allocator is asked whether it has so much before an object is made.
const ASK_FIRST: usize = 256 << 20;

fn can_allocate(bytes: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}

/// Bytes from the start of an object to the end of its slot.
pub(crate) fn object_capacity(value: &Value) -> usize {
    // SAFETY: the page of a live object is live.
    unsafe { (*page_of(value.header())).slot_size }
}

/// The slots (or the dict in the last word) of an object.
pub(super) unsafe fn slots_of<'a>(
    header: *mut Header,
    size: usize,
    flags: u8,
    capacity: u16,
) -> &'a mut [Value] {
    // SAFETY: the shape says where the slots lie; they are initialised when the object is made.
    unsafe {
        if flags & shape_flags::SLOTS != 0 {
            let first = header.cast::<u8>().add(size).cast::<Value>();
            return std::slice::from_raw_parts_mut(first, capacity as usize);
        }
        let end = header.cast::<u8>().add((*page_of(header)).slot_size);
        std::slice::from_raw_parts_mut(end.cast::<Value>().sub(1), 1)
    }
}

unsafe fn drop_slots(header: *mut Header, size: usize, flags: u8, capacity: u16) {
    // SAFETY: see `slots_of`; the slots are not used again.
    for slot in unsafe { slots_of(header, size, flags, capacity) } {
        unsafe { ptr::drop_in_place(slot) };
    }
}

/// Called when a count has reached zero: frees the object, and all that die with it, one after the other.
///
/// # Safety
/// The count has just reached zero, and nobody else will free the object.
pub(crate) unsafe fn free(header: *mut Header) {
    let heap = current();
    // SAFETY: the object is dead and whole; one that dies alone has a destructor that drops no other.
    unsafe {
        let entry = &heap.shapes[(*header).shape as usize];
        let table = &heap.kinds[entry.kind as usize];
        let heard_of = !table.dies_alone | (entry.flags != 0) | heap.torn_down;
        if heard_of || !heap.finalized.is_empty() {
            return free_with_others(header);
        }
        if table.holds_memory {
            return free_with_memory(header);
        }
        heap.deallocate(header);
    }
}

/// Frees a dead object that has memory besides, but no other object.
#[inline(never)]
unsafe fn free_with_memory(header: *mut Header) {
    let heap = current();
    // SAFETY: as in `free`.
    unsafe {
        let kind = heap.shapes[(*header).shape as usize].kind;
        (heap.kinds[kind as usize].drop)(header);
        current().deallocate(header);
    }
}

/// Frees a dead object, and those that die with it, one after the other.
#[inline(never)]
unsafe fn free_with_others(header: *mut Header) {
    let heap = current();
    if heap.torn_down {
        return;
    }
    if heap.releasing {
        heap.dying.push(header);
        return;
    }
    heap.releasing = true;
    // SAFETY: each pointer on the list was pushed once, when its count reached zero. What dies meanwhile finds the heap by
    // itself, so it is reached by its address between two deaths.
    unsafe {
        let heap = std::ptr::from_mut(heap);
        (*heap).free_object(header);
        while let Some(next) = (*heap).dying.pop() {
            (*heap).free_object(next);
        }
        (*heap).releasing = false;
    }
}

/// Places `object` on the heap as an exact instance of its kind.
#[inline]
pub(crate) fn alloc<T: Object>(object: T) -> Ref<T> {
    alloc_trailing(object, 0)
}

/// Places `object` on the heap with `extra` uninitialised bytes behind it.
#[inline]
pub(crate) fn alloc_trailing<T: Object>(object: T, extra: usize) -> Ref<T> {
    let heap = current();
    // SAFETY: the slot is large enough for T and the extra bytes; the count of 1 passes to the Ref.
    unsafe {
        let size = size_of::<T>() + extra;
        let slot = heap.allocate(size);
        heap.bytes += slot_bytes(size, slot);
        heap.debt += T::CYCLIC as isize;
        slot.cast::<T>().write(object);
        (*slot).count = 1;
        (*slot).shape = T::KIND as u32;
        Ref::from_raw(slot.cast())
    }
}

/// As `alloc_trailing`, for a size that a script decides: it can fail.
#[inline]
pub(crate) fn try_alloc_trailing<T: Object>(
    object: T,
    extra: usize,
) -> Result<Ref<T>, OutOfMemory> {
    if extra > LARGEST_SLOT / 2 {
        current().check_room(extra)?;
    }
    Ok(alloc_trailing(object, extra))
}

/// Places `object` on the heap as an instance of `shape`, with `extra` bytes
/// behind it, then its slots or its dict, all Undef.
#[inline]
pub(crate) fn alloc_shaped<T: Object>(object: T, extra: usize, shape: u32) -> Ref<T> {
    let heap = current();
    let (flags, capacity) = {
        let entry = &heap.shapes[shape as usize];
        debug_assert_eq!(entry.kind, T::KIND);
        if entry.flags & shape_flags::OWNS_CLASS != 0 {
            (*entry.class).clone().forget();
        }
        (entry.flags, entry.capacity)
    };
    let slots = if flags & shape_flags::SLOTS != 0 {
        capacity as usize
    } else {
        (flags & shape_flags::TAIL_DICT != 0) as usize
    };
    // SAFETY: as in `alloc_trailing`; the slots are part of the size and written before anyone sees the object.
    unsafe {
        let size = size_of::<T>() + extra.next_multiple_of(8) + slots * 8;
        let slot = heap.allocate(size);
        heap.bytes += slot_bytes(size, slot);
        heap.debt += T::CYCLIC as isize;
        slot.cast::<T>().write(object);
        (*slot).count = 1;
        (*slot).shape = shape;
        if slots > 0 {
            let first = slots_of(slot, size_of::<T>(), flags, capacity);
            for s in first {
                ptr::write(s, Value::UNDEF);
            }
        }
        Ref::from_raw(slot.cast())
    }
}
