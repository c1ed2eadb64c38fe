// Runs on the build machine: its own compiler and linker make this program.
fn main() {
    println!("cargo:rustc-env=MADE_BY={}", std::env::var("TARGET").unwrap());
}
