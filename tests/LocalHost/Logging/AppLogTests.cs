using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Logging;

namespace Nanodet.Serverless.LocalHost.Tests.Logging;

public sealed class AppLogTests : IDisposable
{
    private const int MaxFileBytes = 64 << 10;
    private const int MaxFiles = 3;

    private readonly string directory = Directory.CreateTempSubdirectory("app-log-").FullName;
    private readonly List<string> problems = [];

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Log_InformationAndAbove_IsInTheFileAtOnce()
    {
        using var log = Open();
        using var logging = Logging(log);
        var logger = logging.CreateLogger("Category.Name");

        Write(logger, "not this", LogLevel.Debug);
        Write(logger, "hello you");
        Write(logger, "failed", LogLevel.Error, new InvalidOperationException("boom"));

        // Neither closed nor flushed: what is read is what a killed process would have left.
        var lines = Read(log.Path);
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info  Category\.Name: hello you$", lines[0]);
        Assert.EndsWith(" error Category.Name: failed", lines[1], StringComparison.Ordinal);
        Assert.Equal("    System.InvalidOperationException: boom", lines[2]);
        Assert.Null(log.Problem);
        Assert.Empty(problems);
    }

    [Fact]
    public void Log_ManyLines_RotatesAndStaysWithinItsBound()
    {
        using var log = Open();
        using var logging = Logging(log);
        var logger = logging.CreateLogger("Many");
        var text = new string('x', 200);

        // About ten times what is kept.
        for (var i = 0; i < 10 * MaxFiles * MaxFileBytes / text.Length; i++)
        {
            Write(logger, $"{i} {text}");
        }

        Write(logger, "the last one");

        var files = new DirectoryInfo(directory).GetFiles();
        Assert.Equal(MaxFiles, files.Length);
        Assert.All(files, file => Assert.InRange(file.Length, 1, MaxFileBytes + 1024));
        Assert.Contains("the last one", Read(log.Path)[^1], StringComparison.Ordinal);
        Assert.Equal("app.log", Path.GetFileName(log.Path));
    }

    [Fact]
    public void Log_OpenedAgain_GoesOnWithTheFile()
    {
        using (var first = Open())
        using (var logging = Logging(first))
        {
            Write(logging.CreateLogger("A"), "before");
        }

        using var second = Open();
        using (var logging = Logging(second))
        {
            Write(logging.CreateLogger("A"), "after");
        }

        Assert.Equal(["before", "after"], Read(second.Path).Select(line => line.Split(": ")[1]));
    }

    [Fact]
    public void Log_EntryOfAnyLength_IsCut()
    {
        using var log = Open();
        using var logging = Logging(log);

        Write(logging.CreateLogger("Long"), new string('x', 1_000_000));

        var line = Assert.Single(Read(log.Path));
        Assert.InRange(line.Length, RollingFile.MaxEventLength, RollingFile.MaxEventLength + 200);
        Assert.EndsWith($"… ({1_000_000 - RollingFile.MaxEventLength} characters more)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_Secrets_AreMasked()
    {
        const string Secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
        using var log = Open();
        using var logging = Logging(log);
        var logger = logging.CreateLogger("Secrets");

        Write(logger, $"storage is DefaultEndpointsProtocol=https;AccountName=a;AccountKey={Secret}==;EndpointSuffix=core.windows.net");
        Write(logger, $"GET https://a.blob.core.windows.net/images/a.jpg?sv=2024-01-01&sig={Secret}%3D&se=2030");
        Write(logger, $"POST http://127.0.0.1/api/jobs?code={Secret}");
        Write(logger, $"x-functions-key: {Secret}; Authorization: Bearer {Secret}");
        Write(logger, $$"""{ "accountKey": "{{Secret}}" }""");
        Write(logger, "refused", LogLevel.Error, new InvalidOperationException($"Authorization: SharedKey account:{Secret}="));

        var text = string.Join('\n', Read(log.Path));
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.Contains("storage is (connection string)", text, StringComparison.Ordinal);
        Assert.Contains("/images/a.jpg?sv=2024-01-01&sig=***&se=2030", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a batch of 12: AccountName was not set; code=12")]
    [InlineData("Batch 20260101-1a2b: 10 detected, 0 failed, 0 skipped in 12 ms")]
    [InlineData("sha256 de38d9916c17f2e1e07b81caa71e71f67cb9e1506a04933c435bd9026e95ca4c")]
    public void Apply_TextWithoutSecrets_IsLeftAlone(string text) => Assert.Equal(text, SecretMask.Apply(text));

    [Fact]
    public void Log_FolderThatCannotBe_SaysSoOnceAndGoesOn()
    {
        var file = Path.Combine(directory, "file");
        File.WriteAllText(file, "in the way");
        using var log = Open(Path.Combine(file, "logs"));
        using var logging = Logging(log);

        Write(logging.CreateLogger("A"), "one");
        Write(logging.CreateLogger("A"), "two");

        Assert.Contains(log.Path, Assert.Single(problems), StringComparison.Ordinal);
        Assert.NotNull(log.Problem);
    }

    [Fact]
    public void Log_DiskFull_SaysSoOnceAndHowManyLinesAreMissing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is Linux's way to have a full disk");
        using var log = Open();
        File.CreateSymbolicLink(log.Path, "/dev/full");
        using var logging = Logging(log);
        var logger = logging.CreateLogger("A");

        Write(logger, "one");
        Write(logger, "two");

        Assert.Contains("No space left on device", Assert.Single(problems), StringComparison.Ordinal);
        File.Delete(log.Path);
        Write(logger, "three");
        var lines = Read(log.Path);
        Assert.EndsWith(": three", lines[0], StringComparison.Ordinal);
        Assert.Contains("Before this line 2 could not be kept: No space left on device", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2L << 30, 5)]
    [InlineData(MaxFileBytes, 1)]
    [InlineData(MaxFileBytes, 101)]
    public void Open_OptionOutOfRange_NamesIt(long maxFileBytes, int maxFiles)
    {
        var options = new AppLogOptions { Directory = directory, MaxFileBytes = maxFileBytes, MaxFiles = maxFiles };

        var error = Assert.Throws<FunctionHostException>(() => AppLog.Open(options, problems.Add));

        Assert.Equal("invalid_options", error.Code);
    }

    private static ILoggerFactory Logging(AppLog log) => LoggerFactory.Create(log.AddTo);

    private static void Write(ILogger logger, string text, LogLevel level = LogLevel.Information, Exception? exception = null) =>
        logger.Log(level, default, text, exception, (state, _) => state);

    private static string[] Read(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r')).ToArray();
    }

    private AppLog Open(string? folder = null) =>
        AppLog.Open(new AppLogOptions { Directory = folder ?? directory, MaxFileBytes = MaxFileBytes, MaxFiles = MaxFiles }, problems.Add);
}
