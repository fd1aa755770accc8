using System.Text;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>Keeps files in memory, as a target that cannot seek has them.</summary>
internal sealed class MemoryTarget : IExportTarget
{
    private readonly Dictionary<string, MemoryStream> _open = [];

    internal Dictionary<string, byte[]> Files { get; } = [];

    internal static async Task<(ExportSummary Summary, MemoryTarget Target)> ExportAsync(
        ExportFormat format, IEnumerable<Nanodet.Detection.Results.DetectionResult> results, ExportOptions? options = null)
    {
        var target = new MemoryTarget();
        return (await ExportWriters.WriteAsync(results.ToAsyncEnumerable(), format, target, options), target);
    }

    internal string Text(string name) => Encoding.UTF8.GetString(Files[name]);

    public Task<Stream> CreateAsync(string name, CancellationToken cancellationToken)
    {
        _open.Add(name, new MemoryStream());
        return Task.FromResult<Stream>(_open[name]);
    }

    public ValueTask<LeftOutReason?> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Files.TryAdd(name, content.ToArray()) ? (LeftOutReason?)null : LeftOutReason.NameTaken);

    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, stream) in _open)
        {
            Assert.False(stream.CanWrite, $"{name} was not closed");
            Files.Add(name, stream.ToArray());
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
