#pragma once
#include <yaml.h>
#include <string.h>
