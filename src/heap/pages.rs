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
    pub(super) place: Place,
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
        place: Place,
    ) -> Page {
        Page {
            slot_size,
            class,
            used: 0,
            slots,
            ordinal,
            index,
            place,
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

/// Memory from this size on had better lie on large pages of the system's.
pub(super) const LARGE: usize = 2 << 20;

/// Asks the system to lay memory on large pages, of which one is mapped at a time instead of 512 small ones, and found with
/// fewer steps. It may do so or not; nothing else changes.
pub(super) fn want_large_pages(memory: *mut u8, size: usize) {
    let start = memory.addr().next_multiple_of(LARGE);
    let end = (memory.addr() + size) & !(LARGE - 1);
    if start >= end {
        return;
    }
    #[cfg(target_os = "linux")]
    // SAFETY: this advice changes nothing that a program can see of its memory.
    let _ = unsafe {
        use rustix::mm::{Advice, madvise};
        madvise(
            memory.with_addr(start).cast(),
            end - start,
            Advice::LinuxHugepage,
        )
    };
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
    if size >= LARGE {
        want_large_pages(page, size);
    }
    page.cast()
}

/// Pages of a block while few blocks are needed.
const PAGES: u16 = 16;
/// Pages of a block of a heap that has grown: as many as lie on one large page of the system's.
const LARGE_PAGES: u16 = 32;
/// So many blocks are of the smaller kind, the others large.
const SMALL_BLOCKS: usize = if cfg!(hoop_heap_debug) { usize::MAX } else { 4 };

/// Blocks that wait for the next heap when nobody uses them: what comes from the system is mapped and cleared piece by piece
/// as it is touched, which costs as much as making all the built-in names. The checks of tools that watch memory need
/// memory that is really given back.
const MOST_WHOLE: usize = if cfg!(hoop_heap_debug) { 0 } else { 2 };

struct Block {
    pages: u16,
    /// A bit for each page that nobody uses.
    free: u32,
}

impl Block {
    /// Whether nobody uses any page.
    fn is_whole(&self) -> bool {
        self.free == u32::MAX >> (32 - self.pages)
    }
}

/// The blocks with pages that nobody uses.
struct Pool {
    /// The blocks that have any, by address.
    free: BTreeMap<usize, Block>,
    /// How many of these blocks nobody uses any page of.
    whole: usize,
    /// How many blocks there are, with those in full use.
    blocks: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: BTreeMap::new(),
    whole: 0,
    blocks: 0,
});

/// Where a page lies in its block.
#[derive(Clone, Copy)]
pub(super) struct Place {
    number: u16,
    /// How many pages the block has.
    pages: u16,
}

impl Place {
    /// Of a page that is not part of a block.
    pub(super) const NONE: Place = Place {
        number: 0,
        pages: 0,
    };
}

fn block_layout(pages: u16) -> Layout {
    let size = usize::from(pages) * PAGE_SIZE;
    let align = if pages == LARGE_PAGES {
        size
    } else {
        PAGE_SIZE
    };
    Layout::from_size_align(size, align).expect("a power of two")
}

/// The address of a new block, beside so many others, and how many pages it has.
fn allocate_block(blocks: usize) -> (usize, u16) {
    let pages = if blocks < SMALL_BLOCKS {
        PAGES
    } else {
        LARGE_PAGES
    };
    let layout = block_layout(pages);
    // SAFETY: the layout is not empty.
    let block = unsafe { alloc::alloc(layout) };
    if block.is_null() {
        alloc::handle_alloc_error(layout);
    }
    if pages == LARGE_PAGES {
        want_large_pages(block, layout.size());
    }
    (block.expose_provenance(), pages)
}

/// A page of `PAGE_SIZE` bytes, aligned to as many, and its place. The lowest one there is: so blocks become free.
pub(super) fn take_page() -> (*mut Page, Place) {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.free.is_empty() {
        let (address, pages) = allocate_block(pool.blocks);
        let block = Block {
            pages,
            free: u32::MAX >> (32 - pages),
        };
        pool.free.insert(address, block);
        pool.blocks += 1;
        pool.whole += 1;
    }
    let mut lowest = pool.free.first_entry().expect("there is a block");
    let (address, block) = (*lowest.key(), lowest.get_mut());
    let (pages, was_whole) = (block.pages, block.is_whole());
    let number = block.free.trailing_zeros() as u16;
    block.free &= block.free - 1;
    if block.free == 0 {
        lowest.remove();
    }
    pool.whole -= usize::from(was_whole);
    let page = address + usize::from(number) * PAGE_SIZE;
    let place = Place { number, pages };
    (std::ptr::with_exposed_provenance_mut(page), place)
}

/// Gives a page back.
///
/// # Safety
/// `take_page` gave it with this place, and nobody uses it any more.
pub(super) unsafe fn give_page(page: *mut Page, Place { number, pages }: Place) {
    let address = page.addr() - usize::from(number) * PAGE_SIZE;
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let block = pool.free.entry(address).or_insert(Block { pages, free: 0 });
    block.free |= 1 << number;
    if !block.is_whole() {
        return;
    }
    if pool.whole < MOST_WHOLE {
        pool.whole += 1;
        return;
    }
    pool.free.remove(&address);
    pool.blocks -= 1;
    let block = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the block was allocated with this layout, and all its pages were given back.
    unsafe { alloc::dealloc(block, block_layout(pages)) };
}

#[inline(always)]
pub(super) fn page_of(header: *const Header) -> *mut Page {
    ((header as usize) & !(PAGE_SIZE - 1)) as *mut Page
}

pub(super) const FIRST_SLOT: usize = PAGE_HEADER;
