using Microsoft.Extensions.DependencyInjection;

namespace Nanodet.Serverless.Pipeline;

/// <summary>Registers the two roles. Both in one process is fine.</summary>
public static class PipelineServices
{
    /// <summary>
    /// Registers what the coordinator needs: storage, messages, grouping, jobs, writing. Options come from the sections that their
    /// types name, and are checked at start.
    /// </summary>
    public static IServiceCollection AddNanodetCoordinator(this IServiceCollection services) => throw new NotImplementedException();

    /// <summary>Registers what the worker needs: storage, the warm model, batches.</summary>
    public static IServiceCollection AddNanodetWorker(this IServiceCollection services) => throw new NotImplementedException();
}
