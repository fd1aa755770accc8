using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Functions.Jobs;

/// <summary>The timer of the nightly job, which is off by default.</summary>
/// <param name="jobs">Starts it.</param>
/// <param name="options">What it takes.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Says that it was started.</param>
public sealed class NightlyDetection(
    JobClient jobs, IOptions<NightlyOptions> options, TimeProvider timeProvider, ILogger<NightlyDetection> logger)
{
    /// <summary>Starts the job, once in an hour however often the timer fires.</summary>
    [Function(nameof(NightlyDetection))]
    public async Task RunAsync(
        [TimerTrigger("%Nanodet:Nightly:Schedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
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
