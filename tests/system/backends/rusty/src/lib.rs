//! The least of an extension module, without a binding crate (CPython 3.11's layout).
use std::ffi::{c_char, c_int, c_long, c_void, CString};
use std::ptr::null_mut;

#[repr(C)]
pub struct Definition {
    count: isize,
    kind: *mut c_void,
    init: *mut c_void,
    index: isize,
    copy: *mut c_void,
    name: *const c_char,
    rest: [*mut c_void; 1],
    size: isize,
    more: [*mut c_void; 5],
}

extern "C" {
    fn PyModule_Create2(definition: *mut Definition, version: c_int) -> *mut c_void;
    fn PyModule_AddIntConstant(module: *mut c_void, name: *const c_char, value: c_long) -> c_int;
}

fn add(module: *mut c_void, name: &str, value: i64) {
    let name = CString::new(name).unwrap();
    unsafe { PyModule_AddIntConstant(module, name.as_ptr(), value as c_long) };
}

#[no_mangle]
pub extern "C" fn PyInit__rusty() -> *mut c_void {
    let definition = Box::new(Definition {
        count: 1,
        kind: null_mut(),
        init: null_mut(),
        index: 0,
        copy: null_mut(),
        name: CString::new("_rusty").unwrap().into_raw(),
        rest: [null_mut(); 1],
        size: -1,
        more: [null_mut(); 5],
    });
    let module = unsafe { PyModule_Create2(Box::into_raw(definition), 1013) };
    let caught = std::panic::catch_unwind(|| std::hint::black_box(Vec::<u8>::new())[1]).is_err();
    add(module, "VALUE", madecrate::value());
    add(module, "BIG", i64::from(1u16.to_ne_bytes()[1]));
    add(module, "CAUGHT", i64::from(caught));
    add(module, "TARGET", i64::from(env!("MADE_BY").starts_with(std::env::consts::ARCH)));
    module
}
