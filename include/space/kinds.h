/* SPDX-License-Identifier: MIT */
/* The built-in spaces, one .c file each. */
#ifndef SPACE_KINDS_H
#define SPACE_KINDS_H

#include "space/space.h"

extern const struct space_kind space_mnas, space_macro, space_tiny;

extern const struct conf_section mnas_section, macro_section, tiny_section;

#endif
