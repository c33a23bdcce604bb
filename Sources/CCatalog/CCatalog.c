#include "CCatalog.h"

struct file {
    const char *path;
    const unsigned char *bytes;
    size_t length;
};

// One array for each file and a table of them.
#include "files.inc"

size_t catalog_count(void) {
    return sizeof files / sizeof *files;
}

const char *catalog_path(size_t number) {
    return files[number].path;
}

const unsigned char *catalog_bytes(size_t number) {
    return files[number].bytes;
}

size_t catalog_length(size_t number) {
    return files[number].length;
}
