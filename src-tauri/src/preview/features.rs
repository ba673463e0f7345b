//! Switches features of WebKit off that have no setting of their own. The Rust bindings end with WebKitGTK 2.40
//! and these functions came with 2.42, so this file declares them itself; all its pointers stay in it.

use std::ffi::{CStr, c_char, c_int};
use webkit2gtk::Settings;
use webkit2gtk::ffi::WebKitSettings;
use webkit2gtk::glib::object::ObjectType;

#[repr(C)]
struct FeatureList {
    _opaque: [u8; 0],
}

#[repr(C)]
struct Feature {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn webkit_settings_get_all_features() -> *mut FeatureList;
    fn webkit_settings_set_feature_enabled(
        settings: *mut WebKitSettings,
        feature: *mut Feature,
        enabled: c_int,
    );
    fn webkit_feature_list_get_length(list: *mut FeatureList) -> usize;
    fn webkit_feature_list_get(list: *mut FeatureList, index: usize) -> *mut Feature;
    fn webkit_feature_list_unref(list: *mut FeatureList);
    fn webkit_feature_get_identifier(feature: *mut Feature) -> *const c_char;
}

/// Switches off what carries one of these names. A name that this WebKit does not know has nothing to
/// switch off; the window test shows that nothing is left on.
pub fn switch_off(settings: &Settings, names: &[&str]) {
    // SAFETY: the list is ours until it is given back, and its features live as long as it does.
    unsafe {
        let list = webkit_settings_get_all_features();
        for index in 0..webkit_feature_list_get_length(list) {
            let feature = webkit_feature_list_get(list, index);
            let name = CStr::from_ptr(webkit_feature_get_identifier(feature));
            if name.to_str().is_ok_and(|name| names.contains(&name)) {
                webkit_settings_set_feature_enabled(settings.as_ptr(), feature, 0);
            }
        }
        webkit_feature_list_unref(list);
    }
}
