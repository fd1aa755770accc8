using System.Runtime.CompilerServices;
using System.Text;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Results as a running app reads them from its storage, page by page: <c>GET /api/results</c>.</summary>
/// <param name="client">The app; closed after the last result.</param>
internal sealed class AppResults(AppClient client)
{
    /// <summary>Every result of a job, with its line.</summary>
    /// <exception cref="CliException"><c>job_not_found</c>: there is no such job, or it has not ended.</exception>
    public async IAsyncEnumerable<(string Line, DetectionResult Result)> OfJobAsync(
        string jobId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Of a job under way the app gives what is there so far, which would pass for all of it.
        using var owned = client;
        if ((await client.FindAsync(jobId, cancellationToken)).State == JobState.Running)
        {
            throw new CliException("job_not_found", $"expected a job that has ended, found job {jobId} under way.");
        }

        await foreach (var result in ReadAsync($"job={Uri.EscapeDataString(jobId)}", cancellationToken))
        {
            yield return result;
        }
    }

    /// <summary>The records of images whose names begin so, with their lines.</summary>
    /// <param name="container">The container of the images; null for the app's.</param>
    /// <param name="prefix">The beginning of the names.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CliException"><c>no_results</c>: there is none.</exception>
    public async IAsyncEnumerable<(string Line, DetectionResult Result)> OfPrefixAsync(
        string? container, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var owned = client;
        var found = false;
        var query = $"prefix={Uri.EscapeDataString(prefix)}"
            + (container is null ? "" : $"&container={Uri.EscapeDataString(container)}");
        await foreach (var result in ReadAsync(query, cancellationToken))
        {
            found = true;
            yield return result;
        }

        if (!found)
        {
            throw new CliException(
                "no_results",
                $"expected records of images in {container ?? "the app's container"} that begin with '{prefix}', found none.");
        }
    }

    private async IAsyncEnumerable<(string Line, DetectionResult Result)> ReadAsync(
        string query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await client.ResultsAsync(query, continuation, cancellationToken);
            foreach (var item in page.Items)
            {
                var line = item.GetRawText();
                yield return (line, DetectionResult.Parse(Encoding.UTF8.GetBytes(line)));
            }

            continuation = page.Continuation;
        }
        while (continuation is not null);
    }
}
