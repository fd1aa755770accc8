using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Arguments;

public sealed class ImageFileReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(99, 99)]
    [InlineData(100, 100)]
    [InlineData(101, 101)]
    [InlineData(5000, 101)]
    public async Task TryRead_File_HasNoMoreThanShowsThatItIsTooLarge(int length, int expected)
    {
        var bytes = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        await File.WriteAllBytesAsync(_folder.File("a.jpg"), bytes, Token);

        var (content, problem) = await ImageFileReader.TryReadAsync(_folder.File("a.jpg"), 100, Token);

        Assert.Null(problem);
        Assert.Equal(length, content!.Length);
        Assert.Equal(bytes[..expected], content.Bytes.ToArray());
    }

    /// <summary>As one that was deleted after the folder was listed.</summary>
    [Fact]
    public async Task TryRead_FileThatIsGone_SaysSo()
    {
        var (content, problem) = await ImageFileReader.TryReadAsync(_folder.File("gone.jpg"), 100, Token);

        Assert.Null(content);
        Assert.Equal("expected a file that can be read: there is no such file.", problem);
    }

    [Fact]
    public async Task TryRead_Folder_SaysSo() =>
        Assert.Contains("found a folder", (await ImageFileReader.TryReadAsync(_folder.Path, 100, Token)).Problem, StringComparison.Ordinal);

    [Fact]
    public async Task Read_FileThatACommandCannotDoWithout_FailsByName()
    {
        var files = new ImageFiles(_folder.Path, ["gone.jpg"], 0);

        var exception = await Assert.ThrowsAsync<CliException>(() => ImageFileReader.ReadAsync(files, "gone.jpg", 100, Token));

        Assert.Equal(ImageFileReader.Unreadable, exception.Code);
        Assert.StartsWith("gone.jpg: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_LinksToFolders_AreFollowedOnce()
    {
        Directory.CreateDirectory(_folder.File("in", "a"));
        Directory.CreateDirectory(_folder.File("elsewhere"));
        File.WriteAllText(_folder.File("in", "a", "1.jpg"), "x");
        File.WriteAllText(_folder.File("elsewhere", "2.jpg"), "x");
        Directory.CreateSymbolicLink(_folder.File("in", "b"), _folder.File("elsewhere"));
        Directory.CreateSymbolicLink(_folder.File("in", "c"), _folder.File("elsewhere"));
        Directory.CreateSymbolicLink(_folder.File("elsewhere", "back"), _folder.File("in"));

        Assert.Equal(["a/1.jpg", "b/2.jpg"], ImageFiles.Find(_folder.File("in"), _folder.File("out")).Files);
    }
}
