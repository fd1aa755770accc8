using System.CommandLine;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Exports;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The rarer options of <c>nanodet submit</c>: with them it has every field of a job's request.</summary>
internal sealed class JobArguments
{
    /// <summary>A request has to be smaller than 64 KiB; the other fields need little.</summary>
    private const int MaxInlineBytes = 56 << 10;

    private readonly Option<string?> _id = new("--id")
    {
        Description = "Id of the job, 1 to 64 letters, digits and hyphens: the same request again under it starts nothing.",
    };

    private readonly Option<float?> _iou = new Option<float?>("--iou")
    {
        Description = "NMS IoU threshold, 0 to 1; default: the app's.",
    }.Within(0f, 1f);

    private readonly Option<int?> _most = new Option<int?>("--max-detections")
    {
        Description = "The largest number of detections of an image, 1 to 1000; default: the app's.",
    }.Within(1, 1000);

    private readonly Option<string?> _model = new("--model")
    {
        Description = "A published model: its name, version, name/version or SHA-256; default: the current one.",
    };

    private readonly Option<FileInfo?> _manifest = new("--manifest")
    {
        Description = "File with the names of the images, a line each: a name, a JSON text, or an object with 'name'.",
    };

    private readonly Option<string?> _list = new("--list")
    {
        Description = "Such a file that lies in the app's container of jobs: a blob under _lists/.",
    };

    private readonly Option<string[]> _outputs = new("--output-format")
    {
        Description = $"Export the results at the job's end, beside its manifest: {string.Join(", ", ExportFormats.Names)}; several times "
            + "for several formats.",
    };

    private readonly Option<string[]> _codes = new("--failure-code")
    {
        Description = "With --only-failed: only failures with this code; several times for several codes.",
    };

    private readonly Option<bool> _retryable = new("--only-retryable")
    {
        Description = "With --only-failed: leave out failures that cannot get better, such as image_truncated.",
    };

    private readonly Option<int?> _pageSize = new Option<int?>("--page-size")
    {
        Description = "Images that are listed at a time, 1 to 5000; default: the app's.",
    }.Within(1, 5000);

    private readonly Option<int?> _pagesInFlight = new Option<int?>("--pages-in-flight")
    {
        Description = "Pages that are worked on at the same time, 1 to 64; default: the app's.",
    }.Within(1, 64);

    private readonly Option<int?> _batchSize = new Option<int?>("--batch-size")
    {
        Description = "The most images of a batch, 1 to 1000; default: the app's.",
    }.Within(1, 1000);

    /// <summary>Adds the options to the command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="scope">Options that choose among a container's images.</param>
    /// <param name="onlyFailed">The option of a job over failures.</param>
    public void AddTo(Command command, IReadOnlyList<Option> scope, Option<bool> onlyFailed)
    {
        foreach (var option in new Option[]
        {
            _id, _iou, _most, _model, _manifest, _list, _outputs, _codes, _retryable, _pageSize, _pagesInFlight, _batchSize,
        })
        {
            command.Options.Add(option);
        }

        _outputs.CompletionSources.Add([.. ExportFormats.Names]);
        _outputs.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => ExportFormats.Find(token.Value) is null))
            {
                result.AddError($"--output-format: expected one of {string.Join(", ", ExportFormats.Names)}, found '{token.Value}'.");
            }
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult(_id) is { Tokens: [var id] } && !JobStore.IsJobId(id.Value))
            {
                result.AddError($"--id: expected 1 to 64 letters, digits and hyphens, no hyphen at an end, found '{id.Value}'.");
            }

            Option[] lists = [_manifest, _list];
            var named = lists.Concat(scope).Where(option => result.GetResult(option) is { Implicit: false }).ToList();
            if (named.Count > 1 && named.Any(lists.Contains))
            {
                result.AddError($"{string.Join(", ", named.Select(option => option.Name))}: a list names each image; give one of them.");
            }

            foreach (var option in new Option[] { _codes, _retryable })
            {
                if (result.GetResult(option) is { Implicit: false } && !result.GetValue(onlyFailed))
                {
                    result.AddError($"{option.Name}: only with --only-failed.");
                }
            }
        });
    }

    /// <summary>Whether the command line has a list of images.</summary>
    public bool NamesImages(ParseResult parsed) => parsed.GetValue(_manifest) is not null || parsed.GetValue(_list) is not null;

    /// <summary>How to detect; null for the app's settings.</summary>
    public DetectionRequestOptions? Options(ParseResult parsed, float? score, bool fast)
    {
        var options = new DetectionRequestOptions
        {
            ScoreThreshold = score,
            IouThreshold = parsed.GetValue(_iou),
            MaxDetections = parsed.GetValue(_most),
            FastDecode = fast ? true : null,
            Model = parsed.GetValue(_model),
        };
        return options == new DetectionRequestOptions() ? null : options;
    }

    /// <summary>Fills in the other fields of a request. A list that a request has no room for is uploaded first.</summary>
    /// <exception cref="CliException">The list cannot be read, is empty, or is too large to be sent without storage.</exception>
    public async Task<JobRequest> CompleteAsync(
        ParseResult parsed, JobRequest request, TargetOptions target, AppClient client, CancellationToken cancellationToken)
    {
        request = request with
        {
            Id = parsed.GetValue(_id),
            List = parsed.GetValue(_list),
            Outputs = parsed.GetValue(_outputs) is { Length: > 0 } outputs ? new TextList(outputs) : null,
            FailureCodes = parsed.GetValue(_codes) is { Length: > 0 } codes ? new TextList(codes) : null,
            OnlyRetryable = parsed.GetValue(_retryable),
            PageSize = parsed.GetValue(_pageSize),
            PagesInFlight = parsed.GetValue(_pagesInFlight),
            BatchSize = parsed.GetValue(_batchSize),
        };
        if (parsed.GetValue(_manifest) is not { } manifest)
        {
            return request;
        }

        var content = await InputFile.ReadAsync(manifest, "list of images", cancellationToken);
        var names = JobStore.ReadList(content).Take(MaxInlineBytes).ToList();
        if (names.Count == 0)
        {
            throw new CliException("no_images", $"{manifest}: expected names of images, a line each, found none.");
        }

        if (names.Sum(name => (System.Text.Encoding.UTF8.GetByteCount(name) * 3) + 4) <= MaxInlineBytes)
        {
            return request with { Images = new TextList(names) };
        }

        if (!target.NamesServer(parsed.CommandResult))
        {
            var storage = new CloudStorage((await target.FindAsync(parsed, cancellationToken)).Storage);
            return request with { List = (await storage.Jobs.StoreListAsync(content, cancellationToken)).List.List };
        }

        return content.Length <= JobStore.MaxListBytes
            ? request with { List = (await client.UploadListAsync(content, cancellationToken)).List }
            : throw new CliException(
                "list_too_large",
                $"{manifest}: an app that is named by its address takes a list of at most {JobStore.MaxListBytes} bytes, found "
                    + $"{content.Length}. Upload it into the app's container of jobs, under _lists/, and name it with --list.");
    }
}
