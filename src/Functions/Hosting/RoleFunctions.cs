using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Http;
using Nanodet.Serverless.Functions.Roles;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>
/// Which functions a role runs. The host decides by <c>AzureWebJobs.NAME.Disabled</c>; this is what those settings must say.
/// </summary>
public static class RoleFunctions
{
    /// <summary>Functions that need the warm model: the worker's.</summary>
    public static IReadOnlySet<string> Worker { get; } = new HashSet<string> { nameof(BatchQueued), DetectApi.FunctionName };

    /// <summary>Functions of every role.</summary>
    public static IReadOnlySet<string> Shared { get; } = new HashSet<string> { HealthApi.FunctionName, HealthApi.DetailsName };

    /// <summary>Whether a role runs a function; what neither needs the model nor is shared is the coordinator's.</summary>
    public static bool Runs(AppRole role, string function) => role switch
    {
        AppRole.Coordinator => !Worker.Contains(function),
        AppRole.Worker => Worker.Contains(function) || Shared.Contains(function),
        _ => true,
    };
}
