//! Is the generator's output what the project and the tests believe it to be?

mod testdata;
