using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nanodet.Serverless.TestKit.Bicep;

/// <summary>
/// The Bicep command line, as its NuGet package has it, in one process that answers JSON-RPC on its standard streams. Starting the
/// program and loading its types takes longer than everything that is asked of it.
/// </summary>
public static class BicepCompiler
{
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static Process? _process;
    private static int _id;

    /// <summary>The executable.</summary>
    /// <exception cref="PlatformNotSupportedException">The package is for Linux x64.</exception>
    public static string FilePath { get; } = Find();

    /// <summary>Compiles a file, with the linter's rules of its configuration.</summary>
    /// <param name="path">The .bicep file.</param>
    /// <param name="cancellationToken">Gives up before its turn.</param>
    public static async Task<BicepRun> BuildAsync(string path, CancellationToken cancellationToken)
    {
        var result = await AskAsync("bicep/compile", new JsonObject { ["path"] = path }, cancellationToken);
        var diagnostics = result.GetProperty("diagnostics").EnumerateArray().Select(item =>
            $"{item.GetProperty("source").GetString()}: {item.GetProperty("level").GetString()} {item.GetProperty("code").GetString()}: "
            + item.GetProperty("message").GetString());
        return new BicepRun(
            result.GetProperty("success").GetBoolean(),
            result.TryGetProperty("contents", out var contents) ? contents.GetString() ?? string.Empty : string.Empty,
            [.. diagnostics]);
    }

    /// <summary>What the formatter makes of a file; the file stays as it is.</summary>
    /// <param name="path">The .bicep file.</param>
    /// <param name="cancellationToken">Gives up before its turn.</param>
    public static async Task<string> FormatAsync(string path, CancellationToken cancellationToken) =>
        (await AskAsync("bicep/format", new JsonObject { ["path"] = path }, cancellationToken)).GetProperty("contents").GetString()!;

    /// <summary>What a deployment would create.</summary>
    /// <param name="path">The .bicepparam file.</param>
    /// <param name="metadata">Where it would be deployed: subscriptionId, tenantId, location, deploymentName.</param>
    /// <param name="cancellationToken">Gives up before its turn.</param>
    public static async Task<string> SnapshotAsync(string path, JsonObject metadata, CancellationToken cancellationToken) =>
        (await AskAsync("bicep/getSnapshot", new JsonObject { ["path"] = path, ["metadata"] = metadata }, cancellationToken))
            .GetProperty("snapshot").GetString()!;

    private static async Task<JsonElement> AskAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        await Turn.WaitAsync(cancellationToken);
        try
        {
            // An answer that was asked for is read to its end, whoever gives up meanwhile: the next one comes after it.
            var process = _process ??= Start();
            var request = new JsonObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = ++_id,
                ["method"] = method,
                ["params"] = new JsonArray(parameters),
            };
            var body = Encoding.UTF8.GetBytes(request.ToJsonString());
            var input = process.StandardInput.BaseStream;
            await input.WriteAsync(Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\n\r\n"), CancellationToken.None);
            await input.WriteAsync(body, CancellationToken.None);
            await input.FlushAsync(CancellationToken.None);
            using var answer = JsonDocument.Parse(await ReadAsync(process.StandardOutput.BaseStream));
            return answer.RootElement.TryGetProperty("result", out var result)
                ? result.Clone()
                : throw new InvalidOperationException($"{method} {parameters.ToJsonString()}: {answer.RootElement.GetProperty("error")}");
        }
        finally
        {
            Turn.Release();
        }
    }

    private static async Task<byte[]> ReadAsync(Stream output)
    {
        var length = 0;
        for (var line = await LineAsync(output); line.Length > 0; line = await LineAsync(output))
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(line["Content-Length:".Length..], CultureInfo.InvariantCulture);
            }
        }

        var body = new byte[length];
        await output.ReadExactlyAsync(body);
        return body;
    }

    private static async Task<string> LineAsync(Stream output)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            await output.ReadExactlyAsync(one);
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }
    }

    private static Process Start()
    {
        // It ends when its standard input does, and so with this process.
        var start = new ProcessStartInfo(FilePath, ["jsonrpc", "--stdio"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    private static string Find()
    {
        var path = typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "BicepPath").Value;
        return string.IsNullOrEmpty(path)
            ? throw new PlatformNotSupportedException("The Bicep compiler is referenced for Linux x64 only.")
            : Path.GetFullPath(path.Replace('\\', '/'));
    }
}
