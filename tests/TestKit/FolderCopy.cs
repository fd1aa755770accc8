using System.Diagnostics;

namespace Nanodet.Serverless.TestKit;

/// <summary>A copy of a build output, made of hard links where the file system has them, to take files away from.</summary>
public sealed class FolderCopy : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("nanodet-copy-").FullName;

    private FolderCopy()
    {
    }

    /// <summary>The copy.</summary>
    public string Path => System.IO.Path.Combine(_parent, "app");

    /// <summary>Copies a folder.</summary>
    public static async Task<FolderCopy> CreateAsync(string folder, CancellationToken cancellationToken)
    {
        var copy = new FolderCopy();
        if (await CopyAsync("-al", folder, copy.Path, cancellationToken) != 0)
        {
            // Another file system: links do not reach there.
            if (Directory.Exists(copy.Path))
            {
                Directory.Delete(copy.Path, recursive: true);
            }

            var exitCode = await CopyAsync("-a", folder, copy.Path, cancellationToken);
            if (exitCode != 0)
            {
                throw new IOException($"cp -a {folder} {copy.Path} ended with {exitCode}.");
            }
        }

        return copy;
    }

    /// <summary>Takes a file away, wherever it lies in the copy.</summary>
    /// <returns>What puts it back.</returns>
    public Action Remove(string file)
    {
        var found = Directory.GetFiles(Path, file, SearchOption.AllDirectories);
        if (found.Length == 0)
        {
            throw new FileNotFoundException($"Expected {file} in {Path}, found none.");
        }

        var moves = found.Select((path, i) => (From: path, To: System.IO.Path.Combine(_parent, $"{i}-{file}"))).ToArray();
        foreach (var (from, to) in moves)
        {
            File.Move(from, to);
        }

        return () => Array.ForEach(moves, move => File.Move(move.To, move.From));
    }

    /// <summary>Puts something else in the place of a file.</summary>
    public void Replace(string file, byte[] content)
    {
        var places = Directory.GetFiles(Path, file, SearchOption.AllDirectories);
        _ = Remove(file);
        Array.ForEach(places, place => File.WriteAllBytes(place, content));
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_parent, recursive: true);

    private static async Task<int> CopyAsync(string how, string from, string to, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo("cp", [how, from, to]) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }
}
