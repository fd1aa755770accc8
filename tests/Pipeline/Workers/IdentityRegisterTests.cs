using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

public sealed class IdentityRegisterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enter_InFlight_WaitsForTheResult()
    {
        var register = new IdentityRegister(10);
        Assert.Null(await register.EnterAsync("a", Token));
        var second = register.EnterAsync("a", Token);
        var third = register.EnterAsync("a", Token);
        Assert.False(second.IsCompleted);

        register.Leave("a", "blob");
        Assert.Equal("blob", await second);
        Assert.Equal("blob", await third);
        Assert.Equal("blob", await register.EnterAsync("a", Token));
    }

    [Fact]
    public async Task Leave_WithoutResult_LetsExactlyOneOtherTry()
    {
        var register = new IdentityRegister(10);
        await register.EnterAsync("a", Token);
        Task<string?>[] waiting = [register.EnterAsync("a", Token), register.EnterAsync("a", Token)];
        register.Leave("a", null);

        var next = await Task.WhenAny(waiting);
        Assert.Null(await next);
        Assert.Equal(1, waiting.Count(task => task.IsCompleted));
        register.Leave("a", "blob");
        Assert.Equal("blob", await waiting.Single(task => task != next));
    }

    [Fact]
    public async Task Leave_MoreThanTheCapacity_ForgetsTheOldest()
    {
        var register = new IdentityRegister(2);
        foreach (var identity in new[] { "a", "b", "c" })
        {
            await register.EnterAsync(identity, Token);
            register.Leave(identity, identity);
        }

        Assert.Equal("b", await register.EnterAsync("b", Token));
        Assert.Equal("c", await register.EnterAsync("c", Token));
        Assert.Null(await register.EnterAsync("a", Token));
    }

    [Fact]
    public async Task Forget_EnteredAgain_IsNotForgottenByTheOldEntry()
    {
        var register = new IdentityRegister(1);
        await register.EnterAsync("a", Token);
        register.Leave("a", "first");
        register.Forget("a", "first");
        Assert.Null(await register.EnterAsync("a", Token));

        // Pushes the old entry of "a" out: the claim that is under way stays.
        await register.EnterAsync("b", Token);
        register.Leave("b", "blob");
        Assert.False(register.EnterAsync("a", Token).IsCompleted);
    }

    [Fact]
    public async Task Enter_NoCapacity_StillKeepsOthersOut()
    {
        var register = new IdentityRegister(0);
        await register.EnterAsync("a", Token);
        var second = register.EnterAsync("a", Token);
        register.Leave("a", "blob");
        Assert.Equal("blob", await second);
        Assert.Null(await register.EnterAsync("a", Token));
    }
}
