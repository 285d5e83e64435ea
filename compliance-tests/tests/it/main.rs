//! The suite judged: every case passes on a conformant party and fails under each of its sabotages, and each is a test
//! of its own in the output.

mod teeth;

use libtest_mimic::Arguments;

fn main() {
    let arguments = Arguments::from_args();
    let tests = teeth::tests();
    libtest_mimic::run(&arguments, tests).exit();
}
