/* What a browser with scripts does better. Nothing here is needed: every page works without it.
The hyphen comes by itself while a code is typed, the focus goes to what is wrong, a form is not sent twice by a double click, and a wait counts down. */
(()=>{
const all=(css)=>document.querySelectorAll(css);
for(const field of all("input[name=code]"))field.addEventListener("input",(event)=>{
const typed=field.value.replace(/[\s-]/g,""),deletes=/^delete/.test(event.inputType||"");
if(!event.isComposing&&!deletes&&/^[a-z0-9]{3,6}$/i.test(typed)&&field.selectionEnd===field.value.length)field.value=typed.slice(0,3)+"-"+typed.slice(3);
});
for(const form of all("form")){let sent=0;form.addEventListener("submit",(event)=>{
if(Date.now()-sent<2000)event.preventDefault();else sent=Date.now();
});addEventListener("pageshow",()=>{sent=0;});}
const wrong=all("[aria-invalid=true],[role=alert]"),first=wrong[wrong.length-1];
if(first){if(first.localName!=="input")first.tabIndex=-1;first.focus();}
for(const wait of all("[data-seconds]")){
const {seconds,over,one,many,minute,minutes}=wait.dataset,end=Date.now()+1000*seconds;
const said=(n)=>n>60?minutes.replace("{n}",Math.ceil(n/60)):n===60?minute:n===1?one:many.replace("{n}",n);
let shown=said(+seconds);
wait.setAttribute("aria-live","off");
const timer=setInterval(()=>{
const left=Math.ceil((end-Date.now())/1000);
if(left>0){const next=said(left);wait.textContent=wait.textContent.replace(shown,next);shown=next;return;}
clearInterval(timer);
const note=wait.parentElement;
note.className="note good";note.textContent=over;document.title=document.querySelector("h1").textContent;
},250);
}
})();
