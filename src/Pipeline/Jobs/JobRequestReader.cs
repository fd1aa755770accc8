using Nanodet.Detection.Images;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Makes a job of a request: checks what it says, and fills in what it leaves open.</summary>
/// <param name="options">What a request may leave open.</param>
/// <param name="names">Containers of images.</param>
/// <param name="ends">Hosts that a webhook may have.</param>
/// <param name="isEmulated">Whether this is a developer's machine.</param>
internal sealed class JobRequestReader(JobOptions options, StorageOptions names, JobEndOptions ends, bool isEmulated)
{
    private const int MaxFilterLength = 1024;

    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/>.</exception>
    internal JobDefinition Complete(JobRequest request, string jobId, DateTimeOffset createdUtc)
    {
        var container = string.IsNullOrEmpty(request.Container) ? names.Images : request.Container;
        Require(
            names.IsImageContainer(container),
            "container",
            $"'{names.Images}' or another container of images",
            $"'{BlobNames.Show(container)}'");
        if (FindScopeProblem(request.Prefix, request.Filter) is { } problem)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, problem);
        }

        if (!string.IsNullOrEmpty(request.Webhook)
            && WebhookAddress.FindProblem(request.Webhook, ends.WebhookHosts, isEmulated) is { } address)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, $"webhook: {address}.");
        }

        RequireRange(request.PageSize, "pageSize", 5000);
        RequireRange(request.PagesInFlight, "pagesInFlight", 64);
        RequireRange(request.BatchSize, "batchSize", 1000);
        Require(
            !(request.Force && request.OnlyFailed),
            "force",
            "it without 'onlyFailed', which detects its images again in any case",
            "both");
        Require(request.OnlyFailed || !request.IncludeCrashed, "includeCrashed", "it only with 'onlyFailed'", "it without");
        Require(request.OnlyFailed || !request.OnlyRetryable, "onlyRetryable", "it only with 'onlyFailed'", "it without");
        RequireCodes(request);
        RequireList(request);
        RequireOutputs(request);
        try
        {
            MessageReader.Validate(request.Options);
        }
        catch (PipelineException exception)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, exception.Message, exception);
        }

        return new JobDefinition
        {
            JobId = jobId,
            Container = container,
            Prefix = request.Prefix ?? string.Empty,
            Filter = string.IsNullOrEmpty(request.Filter) ? null : request.Filter,
            Options = request.Options,
            Force = request.Force,
            OnlyFailed = request.OnlyFailed,
            IncludeCrashed = request.IncludeCrashed,
            FailureCodes = request.FailureCodes,
            OnlyRetryable = request.OnlyRetryable,
            List = request.List,
            Outputs = request.Outputs is { Items.Count: > 0 } outputs ? new TextList(outputs.Items.Distinct()) : null,
            Pictures = request.Pictures,
            Webhook = string.IsNullOrEmpty(request.Webhook) ? null : request.Webhook,
            ErrorThreshold = request.ErrorThreshold ?? ErrorThreshold.Never,
            PageSize = request.PageSize ?? options.PageSize,
            PagesInFlight = request.PagesInFlight ?? options.PagesInFlight,
            BatchSize = request.BatchSize ?? options.BatchSize,
            CreatedUtc = createdUtc,
        };
    }

    private static void RequireCodes(JobRequest request)
    {
        foreach (var code in request.FailureCodes?.Items ?? [])
        {
            Require(request.OnlyFailed, "failureCodes", "them only with 'onlyFailed'", "them without");
            var known = ImageErrorCodes.All.Concat(FailureCodes.All);
            Require(known.Contains(code), "failureCodes", $"codes of failures ({string.Join(", ", known)})", $"'{BlobNames.Show(code)}'");
            Require(
                !request.OnlyRetryable || !FailureCodes.IsOfContent(code),
                "failureCodes",
                "codes that another try may mend, because the job takes only those",
                $"'{code}'; the same bytes fail again unless it is forced");
            Require(
                code != FailureCodes.WorkerCrashed || request.IncludeCrashed,
                "failureCodes",
                $"'{code}' only with 'includeCrashed'",
                "it without");
        }
    }

    private void RequireList(JobRequest request)
    {
        if (request.Images is null && request.List is null)
        {
            return;
        }

        Require(request.Images is null || request.List is null, "list", "it without 'images', which is a list itself", "both");
        Require(
            string.IsNullOrEmpty(request.Prefix) && string.IsNullOrEmpty(request.Filter),
            request.List is null ? "images" : "list",
            "it without 'prefix' and 'filter': it names each image",
            "both");
        Require(request.Images is not { Items.Count: 0 }, "images", "at least one name", "none");
        Require(
            request.List is null
                || (request.List.StartsWith(JobNames.Lists, StringComparison.Ordinal)
                    && BlobNames.FindProblem("jobs", request.List) is null),
            "list",
            $"the name of a blob in container '{names.Jobs}' that begins with {JobNames.Lists}",
            $"'{BlobNames.Show(request.List ?? "")}'");
    }

    private static void RequireOutputs(JobRequest request)
    {
        foreach (var name in request.Outputs?.Items ?? [])
        {
            Require(
                ExportFormats.Find(name) is not null,
                "outputs",
                $"formats ({string.Join(", ", ExportFormats.Names)})",
                $"'{BlobNames.Show(name)}'");
        }
    }

    /// <summary>Why a prefix or a filter would not mean what it says; null when both do.</summary>
    internal static string? FindScopeProblem(string? prefix, string? filter) =>
        FindTextProblem("prefix", prefix, BlobNames.MaxLength)
        ?? FindTextProblem("filter", filter, MaxFilterLength)
        ?? (filter is null || JobFilter.FindProblem(filter) is not { } problem ? null : $"filter: {problem}.");

    private static string? FindTextProblem(string name, string? text, int most) => text switch
    {
        null => null,
        _ when text.Length > most => $"{name}: expected at most {most} characters, found {text.Length}.",
        _ when text.Any(char.IsControl) || BlobNames.FindCharacterProblem(text) is not null =>
            $"{name}: expected no control characters and no halves of surrogate pairs, found '{BlobNames.Show(text)}'.",
        _ => null,
    };

    private static void RequireRange(int? value, string name, int most) =>
        Require(value is null || (value >= 1 && value <= most), name, $"1 to {most}", $"{value}");

    private static void Require(bool holds, string name, string expected, string found)
    {
        if (!holds)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, $"{name}: expected {expected}, found {found}.");
        }
    }
}
