/* Tells whether the program is built with a sanitizer. A sanitizer reserves terabytes of addresses
 * and makes the program many times slower. */
#ifndef CORE_SANITIZED_H
#define CORE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CORE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CORE_SANITIZED 1
#endif
#endif
#ifndef CORE_SANITIZED
#define CORE_SANITIZED 0
#endif

#endif
