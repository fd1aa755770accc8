using Nanodet.Detection.Description;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>What <c>GET /api/health/details</c> says about taking work.</summary>
/// <param name="Ready">Whether the app takes work.</param>
/// <param name="Code">Why not: a stable code; null where it is ready or has not tried yet.</param>
/// <param name="Reason">Why not, in words, or null.</param>
/// <param name="FailedTries">Tries to load the model that failed in a row.</param>
internal sealed record AppHealth(bool Ready, string? Code, string? Reason, int FailedTries)
{
    /// <summary>Whether it may become ready by itself: it is still trying for the first time, or what is missing comes and goes.</summary>
    public bool MayMend => Code is null or ModelErrorCodes.StorageUnavailable or ModelErrorCodes.SessionLost or ModelErrorCodes.Busy;
}
