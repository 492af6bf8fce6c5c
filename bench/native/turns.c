// Calls several ports of one process in turn, in short windows, and reads how much processor time the process used in
// each. Between two windows nothing is under way for a while, so that what a request leaves to be done afterwards is counted
// with it: lines of a log wait for others for 50 ms. It is the upstream, too, and never sleeps: what it costs to wake a peer
// is charged to whoever writes to it, and depends on how busy the peer happens to be.
// All connections are new after so many rounds: where the kernel puts them in memory makes a request cost up to a tenth more
// or less for as long as they live. A short window that is not printed warms them up.
// usage: turns pid window_ms rounds rounds_per_connection connections request_file upstream_port answer_bytes port...
// prints for each window: index of the port, requests, nanoseconds of processor time, and nanoseconds that fixed work took on
// the process's core, before or after the window, whichever was more: in it another tenant of the physical core shows
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <sched.h>
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
  enum { CALL, LISTENER, UPSTREAM } role;
  int descriptor;
  size_t got, need;  // bytes of the message so far, and in all once its head is there
  char message[16384];
};

static char request[65536], answer[16384];
static size_t request_length, answer_length;
static int all_events;
static struct connection *upstream[1024];
static const int settling = 60000;  // microseconds

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long long read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long now(void) { return read_clock(CLOCK_MONOTONIC); }

static long long own_time(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

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

static void send_all(int descriptor, const char *bytes, size_t length) {
  if (write(descriptor, bytes, length) != (ssize_t)length) fail("write");
}

static void ask(struct connection *one) {
  one->got = one->need = 0;
  send_all(one->descriptor, request, request_length);
}

static void watch(struct connection *one) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
  if (epoll_ctl(all_events, EPOLL_CTL_ADD, one->descriptor, &event)) fail("epoll_ctl");
}

static struct connection *made(int role, int descriptor) {
  struct connection *one = calloc(1, sizeof *one);
  int on = 1;
  one->role = role;
  one->descriptor = descriptor;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return one;
}

static struct sockaddr_in local(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static struct connection *connect_to(int port) {
  struct sockaddr_in address = local(port);
  struct connection *one = made(CALL, socket(AF_INET, SOCK_STREAM, 0));
  if (connect(one->descriptor, (void *)&address, sizeof address)) fail("connect");
  return one;
}

static void listen_on(int port) {
  struct sockaddr_in address = local(port);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, (void *)&address, sizeof address) || listen(descriptor, 4096)) fail("listen");
  watch(made(LISTENER, descriptor));
}

// Whether the message is whole now; 0 bytes got: the other side has closed.
static int receive(struct connection *one) {
  ssize_t count = read(one->descriptor, one->message + one->got, sizeof one->message - 1 - one->got);
  if (count <= 0) {
    if (one->role == CALL || one->got) fail("a message ended early");
    return 0;
  }
  one->got += count;
  one->message[one->got] = 0;
  if (!one->need) {
    char *end = memmem(one->message, one->got, "\r\n\r\n", 4);
    if (!end) return 0;
    if (one->role == CALL && strncmp(one->message + 9, "200", 3)) {
      fprintf(stderr, "answered with %.15s\n", one->message);
      exit(1);
    }
    char *length = strcasestr(one->message, "content-length:");
    if (!length) fail("a message without content-length");
    one->need = end + 4 - one->message + strtoul(length + 15, 0, 10);
  }
  return one->got >= one->need;
}

static void close_connection(struct connection *one) {
  close(one->descriptor);
  free(one);
}

static void take_upstream(struct connection *listener) {
  int descriptor = accept(listener->descriptor, 0, 0);
  if (descriptor < 0 || descriptor >= (int)(sizeof upstream / sizeof *upstream)) fail("accept");
  watch(upstream[descriptor] = made(UPSTREAM, descriptor));
}

static void close_upstream(struct connection *one) {
  upstream[one->descriptor] = 0;
  close_connection(one);
}

// What an upstream does. Requests come one after the other.
static void serve(struct connection *one) {
  if (receive(one)) {
    one->got = one->need = 0;
    send_all(one->descriptor, answer, answer_length);
  } else if (!one->got) close_upstream(one);
}

// Calls until the time is over and then takes what is still under way; returns the number of answers.
static long window(struct connection **connections, int count, long long length) {
  struct epoll_event events[256];
  long answers = 0;
  int open = count;
  long long end = now() + length;
  for (int i = 0; i < count; i++) ask(connections[i]);
  while (open > 0) {
    int ready = epoll_wait(all_events, events, 256, 0);
    int over = now() >= end;
    if (now() >= end + 10000000000LL) { errno = ETIMEDOUT; fail("waiting for answers"); }
    for (int i = 0; i < ready; i++) {
      struct connection *one = events[i].data.ptr;
      if (one->role == LISTENER) take_upstream(one);
      else if (one->role == UPSTREAM) serve(one);
      else if (receive(one)) {
        answers++;
        if (over) open--;
        else ask(one);
      }
    }
  }
  return answers;
}

static void make_answer(int bytes) {
  static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"";
  static const char tail[] = "\"}],\"isError\":false}}";
  int filling = bytes - (int)(sizeof head + sizeof tail - 2);
  if (filling < 0 || bytes > 8192) fail("answer_bytes");
  answer_length = sprintf(answer,
                          "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
                          "connection: keep-alive\r\n\r\n%s", bytes, head);
  memset(answer + answer_length, 'x', filling);
  answer_length += filling;
  answer_length += sprintf(answer + answer_length, "%s", tail);
}

static volatile unsigned long kept;

// Nanoseconds of processor time that fixed work takes on the first core that the process may use.
static long long pace(pid_t process) {
  cpu_set_t own, its, there;
  if (sched_getaffinity(0, sizeof own, &own) || sched_getaffinity(process, sizeof its, &its)) fail("sched_getaffinity");
  CPU_ZERO(&there);
  for (int core = 0; core < CPU_SETSIZE; core++)
    if (CPU_ISSET(core, &its)) {
      CPU_SET(core, &there);
      break;
    }
  if (sched_setaffinity(0, sizeof there, &there)) fail("sched_setaffinity");
  unsigned long a = 1, b = 2, c = 3, d = 4;
  long long begin = own_time();
  // Four chains side by side keep the core's units busy, as who shares them would notice.
  for (long i = 0; i < 2000000; i++) {
    a = a * 3 + 1;
    b = b * 5 + 1;
    c ^= c << 1;
    d += d >> 3;
  }
  kept = a + b + c + d;
  long long took = own_time() - begin;
  if (sched_setaffinity(0, sizeof own, &own)) fail("sched_setaffinity");
  return took;
}

// Replaces every connection of the callers, and of the upstream.
static void renew(struct connection **all, int count, char **ports, int connections) {
  for (int i = 0; i < count; i++)
    if (all[i]) close_connection(all[i]);
  for (size_t i = 0; i < sizeof upstream / sizeof *upstream; i++)
    if (upstream[i]) close_upstream(upstream[i]);
  // For the process to notice.
  usleep(20000);
  for (int i = 0; i < count; i++) watch(all[i] = connect_to(atoi(ports[i / connections])));
}

int main(int count, char **arguments) {
  if (count < 10) {
    fprintf(stderr, "usage: turns pid window_ms rounds rounds_per_connection connections request_file upstream_port "
                    "answer_bytes port...\n");
    return 2;
  }
  const char *pid = arguments[1];
  long long length = atoll(arguments[2]) * 1000000;
  int rounds = atoi(arguments[3]), renewed = atoi(arguments[4]), connections = atoi(arguments[5]), ports = count - 9;
  FILE *file = fopen(arguments[6], "r");
  if (!file) fail(arguments[6]);
  request_length = fread(request, 1, sizeof request, file);
  fclose(file);
  all_events = epoll_create1(0);
  listen_on(atoi(arguments[7]));
  make_answer(atoi(arguments[8]));
  struct connection **all = calloc((size_t)ports * connections, sizeof *all);
  long long before = 0;
  for (int round = 0; round < rounds; round++) {
    if (round % renewed == 0) {
      renew(all, ports * connections, arguments + 9, connections);
      for (int port = 0; port < ports; port++) window(&all[port * connections], connections, length / 4);
      usleep(settling);
      before = pace(atoi(pid));
    }
    // There and back, so that nobody always comes after the same one.
    for (int turn = 0; turn < ports; turn++) {
      int port = round % 2 ? ports - 1 - turn : turn;
      long long used = processor_time(pid);
      long answers = window(&all[port * connections], connections, length);
      usleep(settling);
      used = processor_time(pid) - used;
      long long after = pace(atoi(pid));
      printf("%d %ld %lld %lld\n", port, answers, used, before > after ? before : after);
      before = after;
    }
    fflush(stdout);
  }
  return 0;
}
