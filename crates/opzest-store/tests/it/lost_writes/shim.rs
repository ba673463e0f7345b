//! A file system for SQLite that notes what is done to the files of a folder. It hands everything on to the
//! system's own, except syncs of noted files: what those would have made safe is on the tape.
//!
//! The only unsafe code of the store's tests. SQLite asks for it in C; `https://sqlite.org/c3ref/vfs.html`.

use super::tape::{Inode, Op, Tape};
use rusqlite::ffi;
use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError};

pub(crate) type SharedTape = Arc<Mutex<Tape>>;

static TAPES: LazyLock<Mutex<HashMap<PathBuf, SharedTape>>> = LazyLock::new(Mutex::default);

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes from now on what SQLite does in this folder, which must be empty.
pub(crate) fn record(folder: &Path) -> SharedTape {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    let tape = SharedTape::default();
    let folder = folder.canonicalize().expect("a folder");
    lock(&TAPES).insert(folder, Arc::clone(&tape));
    tape
}

fn tape_of(path: &Path) -> Option<(SharedTape, String)> {
    let name = path.file_name()?.to_str()?.to_owned();
    // Shared memory holds nothing that has to outlive the processes.
    let tape = lock(&TAPES).get(path.parent()?).cloned()?;
    Some((tape, name))
}

thread_local! {
    static LAST: Cell<*mut ffi::sqlite3> = const { Cell::new(std::ptr::null_mut()) };
}

/// Runs a statement on the connection that this thread has opened last, which must still be open.
pub(crate) fn execute_on_last(sql: &CStr) {
    let null = std::ptr::null_mut();
    // SAFETY: the caller keeps the connection open, and only this thread uses it.
    let code =
        unsafe { ffi::sqlite3_exec(LAST.get(), sql.as_ptr(), None, null, std::ptr::null_mut()) };
    assert_eq!(code, ffi::SQLITE_OK, "{sql:?}");
}

unsafe extern "C" fn note_connection(
    connection: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    LAST.set(connection);
    ffi::SQLITE_OK
}

/// An open file. The system's own lies behind it, as SQLite has reserved the memory in one piece.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    noted: *mut Noted,
}

struct Noted {
    tape: SharedTape,
    inode: Inode,
    /// The first sync of a new log or journal syncs its folder, too, as the system's own does.
    syncs_folder: bool,
}

unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: `szOsFile` asks for a `File` and the system's own behind it.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// `None` for files of other folders.
unsafe fn noted<'a>(file: *mut ffi::sqlite3_file) -> Option<&'a mut Noted> {
    // SAFETY: `open` has written a pointer to a box, or null.
    unsafe { (*file.cast::<File>()).noted.as_mut() }
}

fn system() -> *mut ffi::sqlite3_vfs {
    // SAFETY: the name is one of every Unix.
    let found = unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()) };
    assert!(!found.is_null(), "the system's own file system");
    found
}

fn register() {
    // SAFETY: SQLite is initialised first; the new file system is a copy that lives as long as the process.
    unsafe {
        assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
        let mut vfs = *system();
        vfs.zName = c"noting".as_ptr();
        vfs.pNext = std::ptr::null_mut();
        vfs.szOsFile += size_of::<File>() as c_int;
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        assert_eq!(
            ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1),
            ffi::SQLITE_OK
        );
        assert_eq!(
            ffi::sqlite3_auto_extension(Some(note_connection)),
            ffi::SQLITE_OK
        );
    }
}

unsafe fn path<'a>(name: *const c_char) -> Option<&'a Path> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite's names end with a zero.
    let name = unsafe { CStr::from_ptr(name) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())))
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    const NEW_IN_FOLDER: c_int = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
    // SAFETY: SQLite gives a name and memory for `File` and the system's own.
    unsafe {
        let system = system();
        let open = (*system).xOpen.expect("every file system opens");
        let code = open(system, name, inner(file), flags, out_flags);
        let this = file.cast::<File>();
        (*this).noted = std::ptr::null_mut();
        (*this).base.pMethods = std::ptr::null();
        if (*inner(file)).pMethods.is_null() {
            return code;
        }
        (*this).base.pMethods = &METHODS;
        if code == ffi::SQLITE_OK
            && let Some((tape, name)) = path(name).and_then(tape_of)
        {
            let (inode, made) = lock(&tape).open(&name);
            let syncs_folder = made && flags & NEW_IN_FOLDER != 0;
            (*this).noted = Box::into_raw(Box::new(Noted {
                tape,
                inode,
                syncs_folder,
            }));
        }
        code
    }
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: handed on as it came.
    unsafe {
        let system = system();
        let delete = (*system).xDelete.expect("every file system deletes");
        let code = delete(system, name, sync_folder);
        if code == ffi::SQLITE_OK
            && let Some((tape, name)) = path(name).and_then(tape_of)
        {
            lock(&tape).delete(&name, sync_folder != 0);
        }
        code
    }
}

macro_rules! hand_on {
    ($file:ident . $method:ident ( $($argument:expr),* )) => {{
        // SAFETY: the file is open, and the arguments are SQLite's own.
        unsafe {
            let file = inner($file);
            let method = (*(*file).pMethods).$method.expect("the system's own has every method");
            method(file, $($argument),*)
        }
    }};
}

macro_rules! handing_on {
    ($($name:ident = $method:ident ( $($argument:ident : $kind:ty),* ) $(-> $result:ty)?;)*) => {
        $(unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $kind),*) $(-> $result)? {
            hand_on!(file.$method($($argument),*))
        })*
    };
}

handing_on! {
    read = xRead(to: *mut c_void, amount: c_int, at: i64) -> c_int;
    file_size = xFileSize(size: *mut i64) -> c_int;
    lock_file = xLock(level: c_int) -> c_int;
    unlock_file = xUnlock(level: c_int) -> c_int;
    is_reserved = xCheckReservedLock(out: *mut c_int) -> c_int;
    control = xFileControl(operation: c_int, argument: *mut c_void) -> c_int;
    sector_size = xSectorSize() -> c_int;
    characteristics = xDeviceCharacteristics() -> c_int;
    map_shared = xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    lock_shared = xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shared_barrier = xShmBarrier();
    unmap_shared = xShmUnmap(delete: c_int) -> c_int;
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = hand_on!(file.xClose());
    // SAFETY: the box of `open`, which nobody uses any more.
    unsafe {
        let noted = std::mem::replace(&mut (*file.cast::<File>()).noted, std::ptr::null_mut());
        if !noted.is_null() {
            drop(Box::from_raw(noted));
        }
    }
    code
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: i64,
) -> c_int {
    let code = hand_on!(file.xWrite(from, amount, at));
    // SAFETY: SQLite's buffer has `amount` bytes.
    unsafe {
        if code == ffi::SQLITE_OK
            && let Some(noted) = noted(file)
        {
            let bytes = std::slice::from_raw_parts(from.cast::<u8>(), amount as usize).to_vec();
            lock(&noted.tape).push(Op::Write {
                inode: noted.inode,
                at: at as usize,
                bytes,
            });
        }
    }
    code
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let code = hand_on!(file.xTruncate(size));
    // SAFETY: the file is open.
    if code == ffi::SQLITE_OK
        && let Some(noted) = unsafe { noted(file) }
    {
        lock(&noted.tape).push(Op::Truncate {
            inode: noted.inode,
            size: size as usize,
        });
    }
    code
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let Some(noted) = (unsafe { noted(file) }) else {
        return hand_on!(file.xSync(flags));
    };
    let mut tape = lock(&noted.tape);
    tape.push(Op::Sync { inode: noted.inode });
    if std::mem::take(&mut noted.syncs_folder) {
        tape.push(Op::SyncFolder);
    }
    ffi::SQLITE_OK
}

/// Version 2: without mapping files into memory, so that every write is seen.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock_file),
    xUnlock: Some(unlock_file),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map_shared),
    xShmLock: Some(lock_shared),
    xShmBarrier: Some(shared_barrier),
    xShmUnmap: Some(unmap_shared),
    xFetch: None,
    xUnfetch: None,
};
