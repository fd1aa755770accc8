using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>What bodies of requests, images and jobs, may cost a process. Section <c>Nanodet:Http</c>.</summary>
public sealed record BodyOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Http";

    /// <summary>Bodies that are received at the same time; a request beyond is answered with 429.</summary>
    /// <value>1 to 10,000; default 64.</value>
    [Range(1, 10_000)]
    public int ConcurrentBodies { get; init; } = 64;

    /// <summary>
    /// Memory of all bodies, those that come and those whose images wait or run. A request whose body does not fit is answered with 429,
    /// unless it is the only one.
    /// </summary>
    /// <value>1 MiB to 64 GiB, in bytes; default 256 MiB.</value>
    [Range(1L << 20, 64L << 30)]
    public long BodyBytes { get; init; } = 256L << 20;

    /// <summary>How long a body may take to arrive; then the request is answered with 408.</summary>
    /// <value>1 second to 1 hour; default 2 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BodyTime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How fast a body has to arrive on average, after 5 seconds; a slower one is answered with 408.</summary>
    /// <value>0, for any, to 1 GiB, in bytes per second; default 8192.</value>
    [Range(0, 1 << 30)]
    public int MinBytesPerSecond { get; init; } = 8192;
}
