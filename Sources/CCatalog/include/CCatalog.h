#ifndef CCATALOG_H
#define CCATALOG_H

// The files of the folder Catalog, embedded when this is compiled.

#include <stddef.h>

// The number of files.
size_t catalog_count(void);
// The path of a file within the folder, by its number.
const char *catalog_path(size_t number);
// The bytes of a file.
const unsigned char *catalog_bytes(size_t number);
// The number of these bytes.
size_t catalog_length(size_t number);

#endif
