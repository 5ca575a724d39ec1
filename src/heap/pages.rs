//! The pages that objects lie on. Those with slots are cut from larger blocks, which the heaps of all engines share.
//!
//! The allocator keeps a few words before each piece of memory that it hands out. Were the pages such pieces, each would
//! have a page of the system's for these words, a sixteenth of its own size, and be a call of the system.

use std::alloc::{self, Layout};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::store::Header;

pub(super) const PAGE_SIZE: usize = 64 * 1024;
pub(super) const PAGE_HEADER: usize = 64;

/// The head of a page.
#[repr(C)]
pub(super) struct Page {
    /// Bytes of a slot, or of the whole object on a page of its own.
    pub(super) slot_size: usize,
    /// Slots handed out so far, from the first on.
    pub(super) used: u32,
    pub(super) slots: u32,
    pub(super) ordinal: u32,
    /// Place in `Heap::pages` or `Heap::large`.
    pub(super) index: u32,
    /// Of a page with slots: its place in its block.
    pub(super) number: u32,
    /// The size class of its slots; `OWN_PAGE` for the page of one large object.
    pub(super) class: u32,
    /// By what a distance is multiplied to be divided by `slot_size`; see `slot_at`.
    reciprocal: u32,
    /// While the collector runs: where the marks of the slots begin.
    pub(super) marks: usize,
}

const _: () = assert!(size_of::<Page>() <= PAGE_HEADER);

/// The class of a page that one object has for itself.
pub(super) const OWN_PAGE: u32 = u32::MAX;

/// No collector runs, or one of another heap.
pub(super) const NO_MARKS: usize = usize::MAX;

impl Page {
    /// The head of a page without objects, of `slots` slots of so many bytes.
    pub(super) fn new(
        (class, slot_size): (u32, usize),
        slots: u32,
        ordinal: u32,
        index: u32,
        number: u32,
    ) -> Page {
        Page {
            slot_size,
            class,
            used: 0,
            slots,
            ordinal,
            index,
            number,
            reciprocal: (1u64 << 32).div_ceil(slot_size as u64) as u32,
            marks: NO_MARKS,
        }
    }

    /// Which slot begins so many bytes behind the first one. Exact: the distance is below 2^16, and a slot has 16 bytes or more.
    #[inline(always)]
    pub(super) fn slot_at(&self, distance: usize) -> usize {
        ((distance as u64 * self.reciprocal as u64) >> 32) as usize
    }
}

pub(super) fn page_layout(size: usize) -> Layout {
    Layout::from_size_align(size, PAGE_SIZE)
        .expect("object sizes are checked before they are asked for")
}

pub(super) fn allocate_page(size: usize) -> *mut Page {
    let layout = page_layout(size);
    // SAFETY: the layout is not empty.
    let page = unsafe { alloc::alloc(layout) };
    if page.is_null() {
        alloc::handle_alloc_error(layout);
    }
    page.cast()
}

/// Pages of a block.
const PAGES: usize = 16;

/// Blocks that wait for the next heap when nobody uses them: what comes from the system is mapped and cleared piece by piece
/// as it is touched, which costs as much as making all the built-in names. The checks of tools that watch memory need
/// memory that is really given back.
const MOST_WHOLE: usize = if cfg!(hoop_heap_debug) { 0 } else { 2 };

/// The pages that nobody uses.
struct Pool {
    /// The blocks that have any, by address: a bit for each page.
    blocks: BTreeMap<usize, u16>,
    /// How many of these blocks nobody uses any page of.
    whole: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    blocks: BTreeMap::new(),
    whole: 0,
});

fn block_layout() -> Layout {
    Layout::from_size_align(PAGES * PAGE_SIZE, PAGE_SIZE).expect("a power of two")
}

/// A page of `PAGE_SIZE` bytes, aligned to as many, and its number in its block. The lowest one there is: so blocks
/// become free.
pub(super) fn take_page() -> (*mut Page, u32) {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((&block, &free)) = pool.blocks.first_key_value() else {
        let layout = block_layout();
        // SAFETY: the layout is not empty.
        let block = unsafe { alloc::alloc(layout) };
        if block.is_null() {
            drop(pool);
            alloc::handle_alloc_error(layout);
        }
        pool.blocks.insert(block.expose_provenance(), u16::MAX - 1);
        return (block.cast(), 0);
    };
    if free == u16::MAX {
        pool.whole -= 1;
    }
    let number = free.trailing_zeros();
    match free & (free - 1) {
        0 => pool.blocks.remove(&block),
        left => pool.blocks.insert(block, left),
    };
    let address = block + number as usize * PAGE_SIZE;
    (std::ptr::with_exposed_provenance_mut(address), number)
}

/// Gives a page back.
///
/// # Safety
/// `take_page` gave it with this number, and nobody uses it any more.
pub(super) unsafe fn give_page(page: *mut Page, number: u32) {
    let block = page.addr() - number as usize * PAGE_SIZE;
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let free = pool.blocks.entry(block).or_insert(0);
    *free |= 1 << number;
    if *free != u16::MAX {
        return;
    }
    if pool.whole < MOST_WHOLE {
        pool.whole += 1;
        return;
    }
    pool.blocks.remove(&block);
    // SAFETY: the block was allocated with this layout, and all its pages were given back.
    unsafe { alloc::dealloc(std::ptr::with_exposed_provenance_mut(block), block_layout()) };
}

#[inline(always)]
pub(super) fn page_of(header: *const Header) -> *mut Page {
    ((header as usize) & !(PAGE_SIZE - 1)) as *mut Page
}

pub(super) const FIRST_SLOT: usize = PAGE_HEADER;
