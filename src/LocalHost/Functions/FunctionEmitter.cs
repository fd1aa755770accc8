using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Binder = Microsoft.Azure.WebJobs.Binder;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>Turns the worker's functions into what the WebJobs SDK indexes: a class with a method for each.</summary>
internal static class FunctionEmitter
{
    // The engine calls a function by its class and name; Event Grid subscriptions know it under this one.
    private const string ClassName = "Host.Functions";

    private static readonly MethodInfo Invoke =
        typeof(EmittedFunctions).GetMethod("InvokeAsync", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private static readonly ConstructorInfo BaseConstructor =
        typeof(EmittedFunctions).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Single();

    /// <param name="functions">The functions.</param>
    /// <param name="resolve">Puts settings in the place of their names.</param>
    public static Type Emit(IEnumerable<FunctionDefinition> functions, Func<string, string> resolve)
    {
        var name = new AssemblyName(typeof(FunctionEmitter).Assembly.GetName().Name + ".Emitted");
        var type = AssemblyBuilder.DefineDynamicAssembly(name, AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule(name.Name!)
            .DefineType(ClassName, TypeAttributes.Public | TypeAttributes.Sealed, typeof(EmittedFunctions));
        EmitConstructor(type);
        foreach (var function in functions)
        {
            EmitMethod(type, function, TriggerParameter.For(function.Trigger, resolve));
        }

        return type.CreateType();
    }

    private static void EmitConstructor(TypeBuilder type)
    {
        var code = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(FunctionInvoker)]).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Call, BaseConstructor);
        code.Emit(OpCodes.Ret);
    }

    private static void EmitMethod(TypeBuilder type, FunctionDefinition function, TriggerParameter trigger)
    {
        var method = type.DefineMethod(
            function.Name,
            MethodAttributes.Public,
            trigger.ReturnsValue ? typeof(Task<object>) : typeof(Task),
            [trigger.Type, typeof(Binder), typeof(CancellationToken)]);
        method.SetCustomAttribute(
            new CustomAttributeBuilder(typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!, [function.Name]));
        if (trigger.Attribute is null)
        {
            method.SetCustomAttribute(new CustomAttributeBuilder(typeof(NoAutomaticTriggerAttribute).GetConstructor([])!, []));
        }

        // The engine offers parameters by name to binding expressions; only the trigger's is the app's own.
        var parameter = method.DefineParameter(1, ParameterAttributes.None, function.Trigger.Name);
        if (trigger.Attribute is not null)
        {
            parameter.SetCustomAttribute(trigger.Attribute);
        }

        method.DefineParameter(2, ParameterAttributes.None, "$binder");
        method.DefineParameter(3, ParameterAttributes.None, "$cancellation");

        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldstr, function.Name);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Ldarg_2);
        code.Emit(OpCodes.Ldarg_3);
        code.Emit(OpCodes.Call, Invoke);
        code.Emit(OpCodes.Ret);
    }
}
