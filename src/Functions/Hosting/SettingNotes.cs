using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Pipeline.Hosting;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>Logs at each start which settings have an old name.</summary>
/// <param name="lines">What <see cref="RenamedSettings.Accept"/> found.</param>
/// <param name="logger">The log.</param>
internal sealed class SettingNotes(SettingNotes.Lines lines, ILogger<SettingNotes> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var line in lines.All)
        {
            Log.SettingRenamed(logger, line);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The lines.</summary>
    internal sealed record Lines(IReadOnlyList<string> All);
}
