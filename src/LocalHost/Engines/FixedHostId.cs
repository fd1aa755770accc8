using Microsoft.Azure.WebJobs.Host.Executors;

namespace Nanodet.Serverless.LocalHost.Engines;

internal sealed class FixedHostId(string id) : IHostIdProvider
{
    public Task<string> GetHostIdAsync(CancellationToken cancellationToken) => Task.FromResult(id);
}
