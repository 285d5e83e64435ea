//! The suite judged: every case passes on a conformant party and fails under each of its sabotages, and each is a test
//! of its own in the output.

mod honesty;
mod hostile;
mod teeth;

use libtest_mimic::Arguments;

fn main() {
    let arguments = Arguments::from_args();
    let mut tests = honesty::tests();
    tests.extend(hostile::tests());
    tests.extend(teeth::tests());
    libtest_mimic::run(&arguments, tests).exit();
}
