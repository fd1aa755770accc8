using Microsoft.Extensions.Hosting;

namespace Nanodet.Serverless.LocalHost.Processes;

/// <summary>A host inside somebody else's process: signals and the console belong to the process.</summary>
internal sealed class DetachedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
