namespace Nanodet.Serverless.Exports.Targets;

/// <summary>Where the files of one export go. Names are relative and have slashes.</summary>
public interface IExportTarget : IAsyncDisposable
{
    /// <summary>Begins a file. It is there under its name when the target is completed, and not before.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancels the beginning.</param>
    /// <returns>What the file's content is written to; whoever gets it disposes of it before the target is completed.</returns>
    Task<Stream> CreateAsync(string name, CancellationToken cancellationToken);

    /// <summary>Adds a whole small file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">What it holds.</param>
    /// <param name="cancellationToken">Cancels writing.</param>
    /// <returns>
    /// Null where it is added; <see cref="LeftOutReason.NameTaken"/> where a file of that name was added before, which stays;
    /// <see cref="LeftOutReason.NameTooLong"/> where the target has no room for the name.
    /// </returns>
    ValueTask<LeftOutReason?> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Everything is written.</summary>
    /// <param name="cancellationToken">Cancels the completion.</param>
    Task CompleteAsync(CancellationToken cancellationToken);
}
