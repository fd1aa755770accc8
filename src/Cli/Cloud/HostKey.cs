using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The key of an app on this machine: a file of the data folder that only its owner may read.</summary>
internal static class HostKey
{
    private const string FileName = "host.key";
    private const int Bytes = 32;
    private const int LeastLength = 16;

    /// <summary>Where the key of a data folder is.</summary>
    public static string Path(string data) => System.IO.Path.Combine(data, FileName);

    /// <summary>The key of a data folder; a new one where there is none.</summary>
    /// <exception cref="CliException"><c>key_unusable</c>: the file holds less than 16 characters.</exception>
    public static async Task<string> FindOrMakeAsync(string data, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path(data));
        if (file.Exists)
        {
            var found = (await File.ReadAllTextAsync(file.FullName, cancellationToken)).Trim();
            return found.Length >= LeastLength ? found : throw new CliException(
                "key_unusable",
                $"expected a key of at least {LeastLength} characters in {file}, found {found.Length}; remove the file for a new key.");
        }

        var key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
        await InputFile.WriteAsync(file, Encoding.UTF8.GetBytes(key), cancellationToken, isSecret: true);
        return key;
    }
}
