using Microsoft.Extensions.Logging;

namespace Nanodet.Detection.Telemetry;

/// <summary>Every message that this assembly logs.</summary>
internal static partial class DetectionLog
{
    [LoggerMessage(173, LogLevel.Warning, "Out of memory with up to {Images} images a run; going on with fewer: {Reason}")]
    public static partial void BatchHalved(ILogger logger, int images, string reason);
}
