using System.Text.Json;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Where a running app is: the file that <c>nanodet up</c> writes into its data folder when the app answers.</summary>
/// <param name="Server">Address of the HTTP functions.</param>
/// <param name="Storage">Connection string of the storage account.</param>
/// <param name="ProcessId">The process of <c>nanodet up</c>.</param>
/// <param name="Log">The file with the newest lines of its log; null when none is kept.</param>
/// <param name="Key">The key that the functions ask for; null for none.</param>
internal sealed record CloudAddress(Uri Server, string Storage, int ProcessId, string? Log, string? Key)
{
    /// <summary>Name of the data folder, unless another is asked for.</summary>
    public const string DefaultFolder = ".nanodet";

    private const string FileName = "up.json";

    /// <summary>Reads the file of a data folder, or gives null where no app was started there.</summary>
    public static async Task<CloudAddress?> FindAsync(DirectoryInfo data, CancellationToken cancellationToken)
    {
        var path = Path.Combine(data.FullName, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        await using var stream = File.OpenRead(path);
        return await JsonSerializer.DeserializeAsync(stream, CloudJson.Default.CloudAddress, cancellationToken);
    }

    /// <summary>Writes the file of a data folder, for its owner alone to read.</summary>
    public Task WriteAsync(DirectoryInfo data, CancellationToken cancellationToken) => InputFile.WriteAsync(
        new FileInfo(Path.Combine(data.FullName, FileName)),
        JsonSerializer.SerializeToUtf8Bytes(this, CloudJson.Default.CloudAddress),
        cancellationToken,
        isSecret: true);

    /// <summary>Removes the file of a data folder.</summary>
    public static void Remove(DirectoryInfo data) => File.Delete(Path.Combine(data.FullName, FileName));
}
