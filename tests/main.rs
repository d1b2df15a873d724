//! The one test binary: everything that needs a server or a mount, and the checks of the source tree.
