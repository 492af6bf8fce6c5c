// Calls several ports of one process in turn, in short windows, and reads how much processor time the process used in
// each. All connections stay open throughout. Between two windows nothing is under way, so that what a request leaves to be
// done afterwards is counted with it.
// usage: turns pid window_ms rounds connections request_file port...
// prints for each window: index of the port, requests, nanoseconds of processor time, nanoseconds of time
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int descriptor;
  size_t got, need; // bytes of the answer so far, and in all once its head is there
  char answer[16384];
};

static char request[65536];
static size_t request_length;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Of all threads, from the scheduler: exact for threads that wait.
static long long processor_time(const char *pid) {
  char path[128];
  long long sum = 0;
  snprintf(path, sizeof path, "/proc/%s/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) fail(path);
  for (struct dirent *task; (task = readdir(tasks));) {
    if (task->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%s/task/%.16s/schedstat", pid, task->d_name);
    FILE *file = fopen(path, "r");
    long long used = 0;
    if (!file) continue; // it has ended
    if (fscanf(file, "%lld", &used) == 1) sum += used;
    fclose(file);
  }
  closedir(tasks);
  return sum;
}

static void ask(struct connection *one) {
  one->got = one->need = 0;
  if (write(one->descriptor, request, request_length) != (ssize_t)request_length) fail("write");
}

static int connect_to(int port) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(descriptor, (void *)&address, sizeof address)) fail("connect");
  return descriptor;
}

// Whether the answer is whole now.
static int receive(struct connection *one) {
  ssize_t count = read(one->descriptor, one->answer + one->got, sizeof one->answer - 1 - one->got);
  if (count <= 0) fail("an answer ended early");
  one->got += count;
  one->answer[one->got] = 0;
  if (!one->need) {
    char *end = memmem(one->answer, one->got, "\r\n\r\n", 4);
    if (!end) return 0;
    if (strncmp(one->answer + 9, "200", 3)) {
      fprintf(stderr, "answered with %.15s\n", one->answer);
      exit(1);
    }
    char *length = strcasestr(one->answer, "content-length:");
    if (!length) fail("an answer without content-length");
    one->need = end + 4 - one->answer + strtoul(length + 15, 0, 10);
  }
  return one->got >= one->need;
}

// Calls until the time is over and then takes what is still under way; returns the number of answers.
static long window(int poll, struct connection *connections, int count, long long length) {
  struct epoll_event events[256];
  long answers = 0;
  int open = count;
  long long end = now() + length;
  for (int i = 0; i < count; i++) ask(&connections[i]);
  while (open > 0) {
    int ready = epoll_wait(poll, events, 256, 10000);
    if (ready == 0) { errno = ETIMEDOUT; fail("waiting for answers"); }
    int over = now() >= end;
    for (int i = 0; i < ready; i++) {
      struct connection *one = events[i].data.ptr;
      if (!receive(one)) continue;
      answers++;
      if (over) open--;
      else ask(one);
    }
  }
  return answers;
}

int main(int count, char **arguments) {
  if (count < 7) return fprintf(stderr, "usage: turns pid window_ms rounds connections request_file port...\n"), 2;
  const char *pid = arguments[1];
  long long length = atoll(arguments[2]) * 1000000;
  int rounds = atoi(arguments[3]), connections = atoi(arguments[4]), ports = count - 6;
  FILE *file = fopen(arguments[5], "r");
  if (!file) fail(arguments[5]);
  request_length = fread(request, 1, sizeof request, file);
  fclose(file);
  struct connection *all = calloc((size_t)ports * connections, sizeof *all);
  int *polls = calloc(ports, sizeof *polls);
  for (int port = 0; port < ports; port++) {
    polls[port] = epoll_create1(0);
    for (int i = 0; i < connections; i++) {
      struct connection *one = &all[port * connections + i];
      one->descriptor = connect_to(atoi(arguments[6 + port]));
      struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
      if (epoll_ctl(polls[port], EPOLL_CTL_ADD, one->descriptor, &event)) fail("epoll_ctl");
    }
  }
  for (int round = 0; round < rounds; round++) {
    // There and back, so that nobody always comes after the same one.
    for (int turn = 0; turn < ports; turn++) {
      int port = round % 2 ? ports - 1 - turn : turn;
      long long used = processor_time(pid), began = now();
      long answers = window(polls[port], &all[port * connections], connections, length);
      long long took = now() - began;
      usleep(5000);
      printf("%d %ld %lld %lld\n", port, answers, processor_time(pid) - used, took);
    }
    fflush(stdout);
  }
  return 0;
}
