//! What the system knows of a file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

const TYPE_MASK: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;
const PIPE: u32 = 0o010_000;

/// The fields of `os.stat_result`; times in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    pub mode: u32,
    pub inode: u64,
    pub device: u64,
    pub links: u64,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub accessed_ns: i128,
    pub modified_ns: i128,
    pub changed_ns: i128,
    pub block_size: u64,
    pub blocks: u64,
    pub special_device: u64,
}

impl FileStat {
    /// True for a directory.
    pub fn is_directory(&self) -> bool {
        self.mode & TYPE_MASK == DIRECTORY
    }

    /// True for a regular file.
    pub fn is_file(&self) -> bool {
        self.mode & TYPE_MASK == REGULAR
    }

    /// True for a pipe.
    pub fn is_pipe(&self) -> bool {
        self.mode & TYPE_MASK == PIPE
    }

    /// True for a symbolic link; only asked without following it.
    pub fn is_link(&self) -> bool {
        self.mode & TYPE_MASK == LINK
    }
}

impl From<Metadata> for FileStat {
    fn from(data: Metadata) -> Self {
        FileStat {
            mode: data.mode(),
            inode: data.ino(),
            device: data.dev(),
            links: data.nlink(),
            uid: data.uid(),
            gid: data.gid(),
            size: data.size(),
            accessed_ns: nanoseconds(data.atime(), data.atime_nsec()),
            modified_ns: nanoseconds(data.mtime(), data.mtime_nsec()),
            changed_ns: nanoseconds(data.ctime(), data.ctime_nsec()),
            block_size: data.blksize(),
            blocks: data.blocks(),
            special_device: data.rdev(),
        }
    }
}

// The widths of the fields are the system's.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
impl From<rustix::fs::Stat> for FileStat {
    fn from(data: rustix::fs::Stat) -> Self {
        FileStat {
            mode: data.st_mode as u32,
            inode: data.st_ino as u64,
            device: data.st_dev as u64,
            links: data.st_nlink as u64,
            uid: data.st_uid,
            gid: data.st_gid,
            size: data.st_size as u64,
            accessed_ns: nanoseconds(data.st_atime as i64, data.st_atime_nsec as i64),
            modified_ns: nanoseconds(data.st_mtime as i64, data.st_mtime_nsec as i64),
            changed_ns: nanoseconds(data.st_ctime as i64, data.st_ctime_nsec as i64),
            block_size: data.st_blksize as u64,
            blocks: data.st_blocks as u64,
            special_device: data.st_rdev as u64,
        }
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}
