/*
 * Stands between the platform and the C library (LD_PRELOAD) and does what a bad machine does, as a small file says that
 * is shared with the test: calls on files of the data directory fail or take their time, and the wall clock is wrong.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  int32_t sync_errno;
  int32_t write_errno;
  int32_t delay_ms;
  int32_t unused;
  int64_t clock_offset_ms;
};

static volatile struct control *control;
static const char *directory;

__attribute__((constructor)) static void open_control(void) {
  const char *file = getenv("FAULTS_CONTROL");
  directory = getenv("FAULTS_DIRECTORY");
  if (file == NULL) return;
  int handle = open(file, O_RDONLY);
  if (handle < 0) return;
  void *shared = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, handle, 0);
  close(handle);
  if (shared != MAP_FAILED) control = shared;
}

static int is_data(int handle) {
  if (control == NULL || directory == NULL) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, directory, strlen(directory)) == 0;
}

static void take_time(void) {
  int32_t ms = control->delay_ms;
  if (ms <= 0) return;
  struct timespec rest = {ms / 1000, (ms % 1000) * 1000000L};
  nanosleep(&rest, NULL);
}

#define REAL(name) (real = real != NULL ? real : dlsym(RTLD_NEXT, name))

static int sync_with(const char *name, int handle) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  if (is_data(handle)) {
    take_time();
    if (control->sync_errno != 0) {
      errno = control->sync_errno;
      return -1;
    }
  }
  return real(handle);
}

int fsync(int handle) { return sync_with("fsync", handle); }
int fdatasync(int handle) { return sync_with("fdatasync", handle); }

static int write_fails(int handle) {
  if (control == NULL || control->write_errno == 0 || !is_data(handle)) return 0;
  errno = control->write_errno;
  return 1;
}

ssize_t pwrite64(int handle, const void *bytes, size_t length, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  return write_fails(handle) ? -1 : REAL("pwrite64")(handle, bytes, length, at);
}

ssize_t pwrite(int handle, const void *bytes, size_t length, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  return write_fails(handle) ? -1 : REAL("pwrite")(handle, bytes, length, at);
}

ssize_t write(int handle, const void *bytes, size_t length) {
  static ssize_t (*real)(int, const void *, size_t);
  return write_fails(handle) ? -1 : REAL("write")(handle, bytes, length);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  int answer = REAL("gettimeofday")(now, zone);
  if (answer == 0 && control != NULL && now != NULL) {
    int64_t us = now->tv_sec * 1000000LL + now->tv_usec + control->clock_offset_ms * 1000;
    now->tv_sec = us / 1000000;
    now->tv_usec = us % 1000000;
  }
  return answer;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  int answer = REAL("clock_gettime")(clock, now);
  if (answer == 0 && control != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t ns = now->tv_sec * 1000000000LL + now->tv_nsec + control->clock_offset_ms * 1000000;
    now->tv_sec = ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
  }
  return answer;
}
