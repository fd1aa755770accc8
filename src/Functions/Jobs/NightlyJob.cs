using System.Globalization;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The job of the timer, if there is one.</summary>
public sealed class NightlyJob(JobClient jobs, IOptions<NightlyOptions> options, TimeProvider timeProvider, ILogger<NightlyJob> logger)
{
    /// <summary>Starts it, once in an hour however often the timer fires.</summary>
    public async Task StartAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        var nightly = options.Value;
        if (!nightly.Enabled)
        {
            return;
        }

        var request = new JobRequest
        {
            Prefix = nightly.Prefix,
            Filter = nightly.Filter,
            ErrorThreshold = ErrorThreshold.Parse(nightly.ErrorThreshold),
        };
        var id = string.Create(CultureInfo.InvariantCulture, $"{timeProvider.GetUtcNow():yyyyMMdd-HH}0000-nightly");
        var job = await jobs.StartAsync(client, request, id, cancellationToken);
        Log.NightlyStarted(logger, job.JobId);
    }
}
