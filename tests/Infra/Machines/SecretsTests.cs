using System.Security.Cryptography;

namespace Nanodet.Serverless.Infra.Tests.Machines;

/// <summary>tools/secrets.sh over planted files. The scanner comes from npm.</summary>
public sealed class SecretsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-secrets-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Secrets { get; } = ["account key", "shared access signature", "token", "private key"];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Secrets))]
    public async Task Scan_PlantedSecret_IsFoundByFileAndNotPrinted(string kind)
    {
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        var line = kind switch
        {
            "account key" => $"AccountName=somebody;AccountKey={secret};EndpointSuffix=core.windows.net",
            "shared access signature" => $"https://somebody.blob.core.windows.net/c/b?sv=2024-11-04&sig={Uri.EscapeDataString(secret[..43] + "=")}",
            "token" => $"token: {"gh"}p_{RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 36)}",
            _ => $"-----BEGIN {"PRIVATE"} KEY-----\n{secret}\n-----END {"PRIVATE"} KEY-----",
        };

        var run = await RunAsync(line);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("planted.txt", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[..20], run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scan_PublishedKeyOfTheEmulatorAndHashes_IsNone()
    {
        var run = await RunAsync(
            "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\n"
            + $"sha256:{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}");

        Assert.Equal((0, "secrets: none found in 1 files\n"), (run.ExitCode, run.Output));
    }

    /// <summary>What a later commit took out again is there for whoever has the repository.</summary>
    [Fact]
    public async Task Scan_SecretThatALaterCommitTookOut_IsFoundByItsCommitAndNotPrinted()
    {
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        await CommitAsync("nothing\n");
        var first = await CommitAsync($"AccountName=somebody;AccountKey={secret};EndpointSuffix=core.windows.net\n");
        await CommitAsync("nothing again\n");

        var run = await HistoryAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"commit-{first}.txt", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[..20], run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scan_HistoryWithoutSecrets_IsClean()
    {
        await CommitAsync("one\n");
        await CommitAsync("two\n");

        var run = await HistoryAsync();

        Assert.Equal((0, "secrets: none found in 2 commits\n"), (run.ExitCode, run.Output));
    }

    private Task<(int ExitCode, string Output, string Error)> HistoryAsync() =>
        Shell.RunAsync(_folder.FullName, [Repository.PathOf("tools", "secrets.sh"), "--history"], cancellationToken: Token);

    private async Task<string> CommitAsync(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "planted.txt"), content, Token);
        const string Script = "git init -q . && git add planted.txt "
            + "&& git -c user.name=n -c user.email=n@example.org -c commit.gpgsign=false commit -q -m change && git rev-parse HEAD";
        var run = await Shell.RunAsync(_folder.FullName, ["-c", Script], cancellationToken: Token);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output.Trim();
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "planted.txt"), content, Token);
        return await Shell.RunAsync(_folder.FullName, [Repository.PathOf("tools", "secrets.sh"), "planted.txt"], cancellationToken: Token);
    }
}
