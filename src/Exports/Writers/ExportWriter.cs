using Nanodet.Detection.Results;
using Nanodet.Serverless.Exports.Targets;

namespace Nanodet.Serverless.Exports.Writers;

/// <summary>
/// Writes results in one format, as they come: memory does not grow with their number. One thread at a time. An export that was not
/// completed leaves no file behind but those of single images.
/// </summary>
public abstract class ExportWriter : IAsyncDisposable
{
    private readonly Dictionary<string, long> _byClass = new(StringComparer.Ordinal);
    private readonly Dictionary<LeftOutReason, long> _leftOut = [];
    private readonly List<string> _files = [];
    private readonly IExportTarget _target;
    private long _images;
    private long _failures;
    private bool _isCompleted;

    private protected ExportWriter(ExportFormat format, IExportTarget target, ExportOptions options)
    {
        Format = format;
        _target = target;
        Options = options;
        FileName = options.FileName ?? ExportFormats.FileNameOf(format);
    }

    /// <summary>The format.</summary>
    public ExportFormat Format { get; }

    private protected ExportOptions Options { get; }

    private protected string FileName { get; }

    /// <summary>Adds a result, unless it is left out.</summary>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Cancels writing.</param>
    public async ValueTask AddAsync(DetectionResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        if (Options.Filter.Apply(result) is not { } taken)
        {
            LeaveOut(LeftOutReason.Filtered);
            return;
        }

        See(taken);
        if (taken.Detections is null && !ExportFormats.HasFailures(Format))
        {
            LeaveOut(LeftOutReason.Failed);
            return;
        }

        if (await WriteAsync(taken, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            LeaveOut(reason);
            return;
        }

        _images++;
        _failures += taken.Detections is null ? 1 : 0;
    }

    /// <summary>Everything was added: writes what comes last.</summary>
    /// <param name="cancellationToken">Cancels writing.</param>
    /// <returns>What the export came to.</returns>
    public async Task<ExportSummary> CompleteAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        await FinishAsync(cancellationToken).ConfigureAwait(false);
        await _target.CompleteAsync(cancellationToken).ConfigureAwait(false);
        _isCompleted = true;
        return new ExportSummary(
            Format,
            _images,
            _failures,
            _byClass.Values.Sum(),
            _byClass.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(),
            new SortedDictionary<LeftOutReason, long>(_leftOut),
            _files);
    }

    /// <summary>Closes the files, and the target.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await _target.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Told of each result that the filter takes, also of one that has no place in the format.</summary>
    private protected virtual void See(DetectionResult result)
    {
    }

    /// <summary>Writes what was taken of a result; says why where it cannot.</summary>
    private protected abstract ValueTask<LeftOutReason?> WriteAsync(DetectionResult result, CancellationToken cancellationToken);

    /// <summary>Writes what comes last, and closes the files.</summary>
    private protected abstract Task FinishAsync(CancellationToken cancellationToken);

    /// <summary>Closes the files without a word; they may be closed already.</summary>
    private protected abstract ValueTask CloseAsync();

    private protected Task<Stream> CreateAsync(string name, CancellationToken cancellationToken)
    {
        _files.Add(name);
        return _target.CreateAsync(name, cancellationToken);
    }

    /// <summary>Adds a file that is not that of one image.</summary>
    private protected async Task AddFileAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        _files.Add(name);
        var stream = await _target.CreateAsync(name, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Adds the file of one image; says why where it cannot.</summary>
    private protected ValueTask<LeftOutReason?> TryAddAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        _target.TryAddAsync(name, content, cancellationToken);

    /// <summary>Name of a file beside the export's: <c>a.json</c> and <c>.dataset.json</c> give <c>a.dataset.json</c>.</summary>
    private protected string Beside(string ending) => Path.ChangeExtension(FileName, null) + ending;

    private protected void Count(string className) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_byClass, className, out _)++;

    /// <summary>Leaves out an image that was taken until more was known. It is no failure.</summary>
    private protected void Withdraw(LeftOutReason reason)
    {
        _images--;
        LeaveOut(reason);
    }

    /// <summary>Images that are taken, and those left out for a reason.</summary>
    private protected (long Taken, long LeftOut) Images(params ReadOnlySpan<LeftOutReason> reasons)
    {
        var leftOut = 0L;
        foreach (var reason in reasons)
        {
            leftOut += _leftOut.GetValueOrDefault(reason);
        }

        return (_images, leftOut);
    }

    private protected void LeaveOut(LeftOutReason reason) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_leftOut, reason, out _)++;
}
