-- Sends the requests of a file in its order: "target" or "target<TAB>token" per line.
local requests, last = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local target, token = line:match("^(%S+)\t?(%S*)$")
    local headers = {
      ["Host"] = "app.example.com",
      ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      ["Accept-Encoding"] = "gzip, deflate, br",
      ["Accept-Language"] = "en-US,en;q=0.9",
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
    }
    if token ~= "" then
      headers["Accept"] = "*/*"
      headers["Authorization"] = "JWT " .. token
    end
    requests[#requests + 1] = wrk.format("GET", target, headers)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "refused": %d, "failed": %d, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, errors.status, failed,
    latency:percentile(99) / 1e3))
end
