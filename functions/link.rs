//! How functions are linked: at a fixed address.
//!
//! A program that can be loaded anywhere has some ten thousand addresses to write into its tables at each start; at
//! a fixed address the linker writes them. That is a third of the instructions from the start to the first request
//! for work, and a tenth of the file. Libraries, stack and heap still lie elsewhere each time.

#![expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=../link.rs");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if release && linux {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
