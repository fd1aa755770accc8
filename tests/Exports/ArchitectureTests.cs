using Nanodet.Serverless.Exports.Writers;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>Exports know results, and nothing of where they lie: no storage, no host, no command line.</summary>
public sealed class ArchitectureTests
{
    private static readonly RoomGraph Rooms = RoomGraph.Read(typeof(ExportWriters).Assembly);

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(Rooms);

    [Fact]
    public void References_AreDetectionAndTheFormatsLibraries() => Assert.Equal(
        ["Microsoft.Extensions.FileSystemGlobbing", "Nanodet.Detection", "Parquet", "Sep"],
        typeof(ExportWriters).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).Order());
}
