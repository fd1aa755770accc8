using Nanodet.Serverless.Pipeline.Uploads;

namespace Nanodet.Serverless.Pipeline.Tests.Uploads;

public sealed class UploadRegisterTests
{
    [Fact]
    public async Task HandOn_SameContentTwice_IsDoneOnce()
    {
        var register = new UploadRegister(TimeProvider.System);
        var done = 0;

        Assert.True(await HandOnAsync("a", "1"));
        Assert.False(await HandOnAsync("a", "1"));
        Assert.True(await HandOnAsync("a", "2"));
        Assert.True(await HandOnAsync("b", "1"));
        Assert.Equal(3, done);

        Task<bool> HandOnAsync(string name, string etag) => register.HandOnAsync("images", name, etag, () =>
        {
            done++;
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task HandOn_Failed_MayBeTriedAgain()
    {
        var register = new UploadRegister(TimeProvider.System);

        await Assert.ThrowsAsync<IOException>(() => register.HandOnAsync("images", "a", "1", () => throw new IOException()));
        Assert.True(await register.HandOnAsync("images", "a", "1", () => Task.CompletedTask));
    }

    [Fact]
    public async Task HandOn_MoreThanItsCapacity_ForgetsTheOldest()
    {
        var register = new UploadRegister(TimeProvider.System, capacity: 2);
        foreach (var name in (string[])["a", "b", "c"])
        {
            await register.HandOnAsync("images", name, "1", () => Task.CompletedTask);
        }

        Assert.False(await register.HandOnAsync("images", "c", "1", () => Task.CompletedTask));
        Assert.True(await register.HandOnAsync("images", "a", "1", () => Task.CompletedTask));
    }
}
